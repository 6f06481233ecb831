"""Find the column that says when an interaction happened, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.describing.seen import SeenColumn, SeenTable
from towhee_recsys.datasets.describing.vocabulary import TIME
from towhee_recsys.datasets.readers.date_formats import ambiguous, formats_of
from towhee_recsys.datasets.readers.times import USUAL_SECONDS

_UNITS = (1.0, 1e3, 1e6, 1e9)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")
_PARTS = {"year": (1900, 2100), "month": (1, 12), "day": (1, 31)}


@dataclass(frozen=True)
class When:
    """The column of times, or of the parts of dates."""

    columns: tuple[str, ...]
    """One, or those of the year, month and day."""
    format: str | None = None
    why: str = ""
    """A word for the reader, if there is need of one."""
    doubt: str = ""
    """What other times these may be."""


def find_times(table: SeenTable, taken: set[str]) -> When | None:
    """The column of times: of those whose values are times, the one whose name says so first.

    Args:
        table: the interactions.
        taken: columns that are something else.
    """
    found = [
        when
        for name, column in table.columns.items()
        if name not in taken and column.counts and (when := _when(column))
    ]
    named = [one for one in found if TIME & set(table.columns[one.columns[0]].words)]
    return next(iter([*named, *found]), None) or _parts_of_dates(table)


def looks_like_time(column: SeenColumn) -> bool:
    """Whether all values are times."""
    return _when(column) is not None


def _when(column: SeenColumn) -> When | None:
    if column.kind == "time":
        return When((column.name,))
    if column.kind not in ("text", "number"):
        return None
    numbers = column.numbers
    if numbers is not None:
        usual = any(
            ((numbers >= USUAL_SECONDS[0] * unit) & (numbers <= USUAL_SECONDS[1] * unit)).all()
            for unit in _UNITS
        )
        compact = _compact(column, numbers)
        return compact or (When((column.name,)) if usual else None)
    some = list(column.counts)
    if all(map(_ISO.fullmatch, some)):
        return When((column.name,))
    fit = formats_of(some)
    if not fit:
        return None
    why = f"{' or '.join(fit[:3])}: all fit, check which it is" if len(fit) > 1 else ""
    other = ambiguous(fit[0], some)
    doubt = ""
    if other is not None:
        first = "day" if fit[0].index("%d") < fit[0].index("%m") else "month"
        doubt = f"{other[1]}; {first} first was taken"
    return When((column.name,), fit[0], why, doubt)


def _compact(column: SeenColumn, numbers: NDArray[np.float64]) -> When | None:
    """Days as numbers: 20240531."""
    if numbers.min() < 19_900_101 or numbers.max() > 21_001_231:
        return None
    fits = "%Y%m%d" in formats_of(list(column.counts))
    return When((column.name,), "%Y%m%d") if fits else None


def _parts_of_dates(table: SeenTable) -> When | None:
    """Columns called year, month and day, if they hold such numbers."""
    found = {}
    for part, (least, most) in _PARTS.items():
        for name, column in table.columns.items():
            numbers = column.numbers
            if column.words != [part] or numbers is None:
                continue
            if least <= numbers[0] and numbers[-1] <= most:
                found[part] = name
    return When(tuple(found.values())) if list(found)[:2] == list(_PARTS)[:2] else None
