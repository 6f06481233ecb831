"""Turn times in any usual form into seconds since 1970, and keep their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.readers.date_formats import ambiguous, formats_of
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, without_nan
from towhee_recsys.datasets.readers.values import numbers
from towhee_recsys.text import label

_ISO = r"^\s*[0-9]{4}-[0-9]{2}"
_NUMERIC = r"^\s*[+-]?[0-9]*[.,]?[0-9]+([eE][+-]?[0-9]+)?\s*$"
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LARGEST_SECONDS = 1e11
"""The year 5138. Larger numbers are in a smaller unit: each factor of 1000 is the next one."""
_REMEDY = "Give seconds since 1970 (or ms, µs, ns), or dates like 2024-05-31T20:15:00."
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
USUAL_SECONDS = (631_152_000, 4_102_444_800)
"""The years 1990 to 2100."""


def timestamps(table: Table, name: str, problems: Problems) -> NDArray[np.float64]:
    """Seconds since 1970, from numbers, ISO 8601 dates, or dates of the table's format.

    The size of numbers tells their unit. Dates without a zone are UTC. Different times stay
    different and in order: nanoseconds that float64 cannot tell apart are one float apart.
    """
    column = table.columns[name]
    if pa.types.is_floating(column.type):
        column = without_nan(column.cast(pa.float64()))
    missing = column.is_null()
    if pa.types.is_string(column.type):
        missing = pc.or_(missing, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True))
    empty = np.asarray(missing.to_numpy(), dtype=bool)
    table.report(
        problems,
        name,
        empty,
        "the timestamp is missing",
        "Fill it, or leave the row out.",
        quote=False,
    )
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(column.type):
        counts = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
        return _seconds(counts, _PER_SECOND[column.type.unit])
    if table.time_format:
        return _from_dates(table, name, empty, table.time_format, problems)
    if pa.types.is_string(column.type):
        if _share(column, _ISO) > 0.5:
            return _from_dates(table, name, empty, "ISO8601", problems)
        if _share(column, _NUMERIC) < 0.5 and not empty.all():
            _report_format(table, name, empty, problems)
            return np.zeros(len(column))
    elif pa.types.is_floating(table.columns[name].type):
        _warn_of_rounding(table, name, problems)
    values = numbers(table, name, problems, _REMEDY)
    if not len(values) or values.isna().all():
        return np.zeros(len(values))
    sizes = np.abs(values.to_numpy(np.float64, na_value=np.nan))
    typical = float(np.nanmedian(sizes))
    unit = sum(typical >= _LARGEST_SECONDS * 1000**step for step in range(3))
    _report_other_units(table, name, sizes, unit, problems)
    kind = np.int64 if values.dtype == "Int64" else np.float64
    return _seconds(values.fillna(0).to_numpy(kind), 1000**unit)


def _share(column: pa.ChunkedArray, pattern: str) -> float:
    """The share of the texts that fit the pattern, without empty ones."""
    filled = column.filter(pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False))
    return float(pc.mean(pc.match_substring_regex(filled, pattern)).as_py() or 0)


def _from_dates(
    table: Table, name: str, empty: NDArray[np.bool_], form: str, problems: Problems
) -> NDArray[np.float64]:
    text = pd.Series(_texts(table, name), dtype=object).str.strip()
    moments = pd.to_datetime(text, format=form, utc=True, errors="coerce")
    bad = moments.isna().to_numpy() & ~empty
    if form == "ISO8601":
        table.report(problems, name, bad, "is not a date in the form of ISO 8601", _REMEDY)
    else:
        remedy = "Write all dates in this form, or give another `format`."
        table.report(problems, name, bad, f"is not a date of the form {form}", remedy)
        if not bad.any():
            _warn_of_other_dates(table, name, text[~empty], form, problems)
    counts = moments.fillna(pd.Timestamp(0, tz="UTC")).astype("int64").to_numpy()
    return _seconds(counts, _PER_SECOND[str(moments.dt.unit)])


def _warn_of_other_dates(
    table: Table, name: str, text: pd.Series[Any], form: str, problems: Problems
) -> None:
    """Warn of dates whose day and month may be exchanged."""
    doubt = ambiguous(form, text.drop_duplicates().tolist())
    if doubt is None:
        return
    other, may_be = doubt
    problems.warn(
        table.file,
        f"{may_be}: {form} and {other} both fit all dates, and the first was taken",
        f'If it is wrong, write format: "{other}".',
        column=table.called(name),
        count=len(text),
    )


def _texts(table: Table, name: str) -> list[str | None]:
    """The values as text. Whole floats, which are integers beside missing values, are integers."""
    column = table.columns[name]
    if pa.types.is_string(column.type):
        texts: list[str | None] = column.to_pylist()
        return texts
    return [label(value) for value in column.to_pylist()]


def _report_format(table: Table, name: str, empty: NDArray[np.bool_], problems: Problems) -> None:
    """Note dates in a form of their own, and which formats fit them."""
    filled = table.columns[name].filter(pa.array(~empty))
    fit = formats_of(pc.utf8_trim_whitespace(filled).unique().to_pylist())
    wrong = "is neither a number nor a date in the form of ISO 8601"
    if fit:
        which = " or ".join(f'"{form}"' for form in fit[:3])
        called = table.called(name)
        remedy = (
            f"Say its format, which is {which}: write timestamp: {{column: {called}, "
            f'format: "{fit[0]}"}} in dataset.yaml, or call pandas.to_datetime before from_frames.'
        )
    else:
        remedy = f"{_REMEDY} Dates in another form need timestamp: {{column: …, format: …}}."
    table.report(problems, name, ~empty, wrong, remedy)


def _warn_of_rounding(table: Table, name: str, problems: Problems) -> None:
    """Warn of floats that are too short for times."""
    kind = table.columns[name].type
    largest = pc.max(pc.abs(without_nan(table.columns[name].cast(pa.float64())))).as_py()
    if kind == pa.float64() or largest is None or not np.isfinite(largest):
        return
    step = float(np.spacing(kind.to_pandas_dtype()(largest)))
    step /= 1000 ** sum(largest >= _LARGEST_SECONDS * 1000**k for k in range(3))
    if step >= 1:
        problems.warn(
            table.file,
            f"{kind} holds these times to {step:,.0f} s only, so different ones are equal",
            "Store them as int64 or float64.",
            column=table.called(name),
            count=len(table),
        )


def _report_other_units(
    table: Table, name: str, sizes: NDArray[np.float64], unit: int, problems: Problems
) -> None:
    """Note numbers that are usual times in another unit than most."""
    for other, called in enumerate(_UNITS):
        least, most = (bound * 1000.0**other for bound in USUAL_SECONDS)
        if other != unit:
            bad = (sizes >= least) & (sizes <= most)
            wrong = f"is a time in {called}, and most are in {_UNITS[unit]}"
            table.report(problems, name, bad, wrong, "Write all in one unit.")


def _seconds(
    counts: NDArray[np.int64] | NDArray[np.float64], per_second: int
) -> NDArray[np.float64]:
    seconds: NDArray[np.float64] = counts / np.float64(per_second)
    if per_second < 10**9 or counts.dtype == np.float64:
        return seconds
    distinct, back = np.unique(counts, return_inverse=True)
    return _strictly_ascending(distinct / np.float64(per_second))[back]


def _strictly_ascending(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ascending values, with equal ones moved to the next larger floats."""
    least = np.iinfo(np.int64).min
    bits = (values + 0.0).view(np.int64)
    # The bits of positive floats count up like integers; those of negative floats count down.
    places = np.where(bits < 0, least - bits, bits)
    steps = np.arange(len(places))
    places = np.maximum.accumulate(places - steps) + steps
    return np.where(places < 0, least - places, places).view(np.float64)
