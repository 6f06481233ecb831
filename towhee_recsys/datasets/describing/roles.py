"""Guess the role of a column of users or items, or why it is better left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

from towhee_recsys.datasets.describing.seen import SeenColumn
from towhee_recsys.datasets.describing.vocabulary import CODE, LINK, TEXT, TITLE
from towhee_recsys.datasets.schema import Column
from towhee_recsys.types import Role

_SEPARATORS = ("|", ";", ",", "/")
_MOST_LABELS = 1_000
"""A column with more different labels is read as text, or shown only."""


@dataclass(frozen=True)
class Guess:
    """What to do with a column."""

    column: Column | None
    """None: leave it out."""
    why: str = ""
    """A word for the reader, if there is need of one."""


def guess(column: SeenColumn, several: bool = False, ids: Set[str] = frozenset()) -> Guess:
    """The role of a column of items, or of users if nothing in it is private.

    Args:
        column: what was seen of it.
        several: whether its table has several rows for an id.
        ids: of the users and items. A column with such values refers to others.
    """
    if column.kind == "other":
        return Guess(None, "what it holds is not read")
    if not column.counts:
        return Guess(None, "it has no values")
    if len(column.counts) == 1 and column.filled == column.rows:
        return Guess(None, "it has the same value in all rows")
    if "id" in column.words and column.distinct <= ids:
        return Guess(None, "it refers to others")
    if several:
        return _of_several_rows(column)
    if column.kind == "labels":
        return _role("multi_categorical")
    if column.kind == "flag":
        return _role("categorical")
    if column.kind == "time":
        return _role("display")
    separator = _separator(column)
    if separator:
        return Guess(Column(role="multi_categorical", separator=separator))
    return _role(_single(column))


def _of_several_rows(column: SeenColumn) -> Guess:
    if len(column.counts) > _MOST_LABELS:
        return Guess(None, f"it has {len(column.counts):,} different values")
    if column.numbers is not None and not set(column.words) & CODE:
        return Guess(None, "it holds numbers, several for one id")
    return _role("multi_categorical")


def _single(column: SeenColumn) -> Role:
    """The role of a column with one value a row."""
    found, different = set(column.words), len(column.counts)
    labels = different <= min(_MOST_LABELS, column.filled / 2)
    if found & LINK:
        return "display"
    if column.numbers is not None:
        if found & CODE:
            return "categorical" if labels else "display"
        return "categorical" if different == 2 else "number"
    if found & TITLE or found & TEXT:
        return "text" if not labels or found & TITLE else "categorical"
    if labels:
        return "categorical"
    spaces = sum(1 for text in column.counts if " " in text)
    return "text" if spaces > different / 3 and not found & CODE else "display"


def _separator(column: SeenColumn) -> str | None:
    """What separates labels in a text column, if something does."""
    found = set(column.words)
    if column.kind != "text" or column.numbers is not None or found & (TITLE | TEXT | LINK):
        return None
    for separator in _SEPARATORS:
        split = [text for text in column.counts if separator in text]
        if len(split) < max(2, len(column.counts) / 10):
            continue
        labels: Counter[str] = Counter()
        for text, count in column.counts.items():
            for label in text.split(separator):
                labels[label.strip()] += count
        short = all(len(label) <= 40 for label in labels)
        if short and len(labels) <= min(_MOST_LABELS, labels.total() / 3):
            return separator
    return None


def _role(role: Role) -> Guess:
    return Guess(Column(role=role))
