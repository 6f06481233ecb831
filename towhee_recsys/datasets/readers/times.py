"""Turn times in any usual form into seconds since 1970, and keep their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.readers.values import numbers

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LARGEST_SECONDS = 1e11
"""The year 5138. Larger numbers are in a smaller unit: each factor of 1000 is the next one."""
_REMEDY = "Give seconds since 1970 (or ms, µs, ns), or dates like 2024-05-31T20:15:00."


def timestamps(table: Table, name: str, problems: Problems) -> NDArray[np.float64]:
    """Seconds since 1970, from numbers or from ISO 8601 dates.

    The size of numbers tells their unit. Dates without a zone are UTC. Different times stay
    different and in order: nanoseconds that float64 cannot tell apart are one float apart.
    """
    column = table.columns[name]
    missing = column.is_null()
    if pa.types.is_string(column.type):
        missing = pc.or_(missing, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True))
    empty = np.asarray(missing.to_numpy(), dtype=bool)
    table.report(
        problems,
        name,
        empty,
        "the timestamp is missing",
        "Fill it, or leave the row out; without the whole column the file's order is time order.",
        quote=False,
    )
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(column.type):
        counts = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
        return _seconds(counts, _PER_SECOND[column.type.unit])
    if pa.types.is_string(column.type) and _mostly_dates(column):
        return _from_dates(table, name, empty, problems)
    values = numbers(table, name, problems)
    if not len(values) or values.isna().all():
        return np.zeros(len(values))
    typical = float(np.median(np.abs(values.dropna().to_numpy(np.float64))))
    unit = sum(typical >= _LARGEST_SECONDS * 1000**step for step in range(3))
    kind = np.int64 if values.dtype == "Int64" else np.float64
    return _seconds(values.fillna(0).to_numpy(kind), 1000**unit)


def _mostly_dates(column: pa.ChunkedArray) -> bool:
    dates = pc.match_substring_regex(column, r"^\s*[0-9]{4}-[0-9]{2}")
    return bool((pc.mean(dates).as_py() or 0) > 0.5)


def _from_dates(
    table: Table, name: str, empty: NDArray[np.bool_], problems: Problems
) -> NDArray[np.float64]:
    text = pd.Series(table.columns[name].to_pylist(), dtype=object).str.strip()
    moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    bad = moments.isna().to_numpy() & ~empty
    table.report(problems, name, bad, "is not a date in the form of ISO 8601", _REMEDY)
    counts = moments.fillna(pd.Timestamp(0, tz="UTC")).astype("int64").to_numpy()
    return _seconds(counts, _PER_SECOND[str(moments.dt.unit)])


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
