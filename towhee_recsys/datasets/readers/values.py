"""Turn a raw column into the values of its role. A value that does not fit is a problem."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.readers.missing import MISSING_NUMBERS
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, holds_lists, mask, without_nan
from towhee_recsys.datasets.schema import Column
from towhee_recsys.text import shown

_INTEGER = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_COMMA = r"^[+-]?[0-9]+,[0-9]+$"
_MISSING = pa.array(MISSING_NUMBERS)
_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
"""A number that may be 1.234 or 1234. One that begins with 0 is a fraction."""

_ARRAYS: dict[str, tuple[type[np.generic], Any]] = {
    "Int64": (np.int64, pd.arrays.IntegerArray),
    "Float64": (np.float64, pd.arrays.FloatingArray),
    "boolean": (np.bool_, pd.arrays.BooleanArray),
}


def role_values(table: Table, name: str, column: Column, problems: Problems) -> pd.Series[Any]:
    """The values of a schema's column, in the type that `Contents` documents for its role."""
    if column.role == "number":
        return numbers(table, name, problems)
    if column.role == "multi_categorical":
        return _labels(table, name, column.separator)
    if holds_lists(table.columns[name]):
        table.report(
            problems,
            name,
            np.ones(len(table), bool),
            f"holds lists, and its role is {column.role}",
            "Give it the role multi_categorical.",
        )
    elif column.role == "categorical":
        return _categories(table.columns[name])
    return _words(table.columns[name])


def numbers(
    table: Table, name: str, problems: Problems, remedy: str | None = None
) -> pd.Series[Any]:
    """Int64 if all are integers that fit, 1963.0 among them, else Float64; NA if missing.

    `remedy` says what to write in place of a text that is no number.
    """
    column = table.columns[name]
    kind = column.type
    if pa.types.is_string(kind):
        column = _parsed(table, name, problems, remedy)
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        column = without_nan(column.cast(pa.float64()))
        column = _whole(column)
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        column = _narrowed(column)
    else:
        bad = mask(column.is_valid())
        table.report(problems, name, bad, f"is not a number but {kind}", "Give numbers.")
        column = pa.chunked_array([pa.nulls(len(table), pa.float64())])
    if pa.types.is_integer(column.type):
        return _nullable(column, "Int64")
    infinite = pc.fill_null(pc.is_inf(column), False)
    table.report(
        problems, name, mask(infinite), "is not finite", "Give a number, or leave it empty."
    )
    return _nullable(column, "Float64")


def _parsed(table: Table, name: str, problems: Problems, remedy: str | None) -> Any:
    text = pc.utf8_trim_whitespace(table.columns[name])
    text = pc.if_else(pc.is_in(text, value_set=_MISSING), pa.scalar(None, pa.string()), text)
    pattern = _NUMBER.replace(r"\.", re.escape(table.decimal))
    good = pc.match_substring_regex(text, pattern)
    bad = pc.fill_null(pc.invert(good), False)
    if pc.any(bad).as_py():
        table.report(
            problems,
            name,
            mask(bad),
            "is not a number",
            remedy or _remedy(table, name, text.filter(bad)),
        )
    if table.decimal != ".":
        text = pc.replace_substring(text, table.decimal, ".")
    text = pc.if_else(good, pc.utf8_ltrim(text, "+"), pa.scalar(None, pa.string()))
    if pc.all(pc.match_substring_regex(text, _INTEGER), min_count=0).as_py():
        return _narrowed(text)
    fractions = pc.fill_null(pc.match_substring(text, "."), False)
    if pc.all(pc.match_substring_regex(text.filter(fractions), _THOUSANDS)).as_py():
        other = "," if table.decimal == "." else "."
        table.report(
            problems,
            name,
            mask(fractions),
            f"all fractions have three digits: '{table.decimal}' may separate thousands",
            f"If so, write the numbers without it; '{other}' is then the decimal mark, if any.",
            doubtful=True,
        )
    return _whole(text.cast(pa.float64()))


def _whole(column: Any) -> Any:
    """Floats as int64 if all are whole: many programs write a year as 1963.0."""
    whole = pc.all(pc.equal(pc.floor(column), column), min_count=0).as_py()
    return _narrowed(column) if whole else column


def _remedy(table: Table, name: str, bad: Any) -> str:
    """How to write the numbers of a table, or how to say what stands in their place."""
    if table.decimal == "." and pc.all(pc.match_substring_regex(bad, _COMMA)).as_py():
        return 'If the comma is the decimal mark, write read: {decimal: ","} for this table.'
    if table.quotes(name) and len(same := bad.unique()) == 1:
        return (
            f"Write it as 12 or 12{table.decimal}5, or leave it empty if it is unknown; "
            f"or write read: {{na: [{shown(same[0].as_py())}]}} if this stands for what is unknown."
        )
    return f"Write it as 12 or 12{table.decimal}5, or leave it empty if it is unknown."


def _narrowed(column: Any) -> Any:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column.cast(pa.float64(), safe=False)  # too large for int64: take the nearest float


def _labels(table: Table, name: str, separator: str) -> pd.Series[Any]:
    """Each row's distinct labels, in their order."""
    column = table.columns[name]
    if holds_lists(column):
        rows = column.to_pylist()
    elif pa.types.is_string(column.type):
        rows = pc.split_pattern(column, separator).to_pylist()
    else:
        rows = [[value] for value in column.to_pylist()]
    clean = [
        [label for label in dict.fromkeys(str(x).strip() for x in row if x is not None) if label]
        for row in (row or () for row in rows)
    ]
    series: pd.Series[Any] = pd.Series(clean, dtype=object)
    return series


def _categories(column: Any) -> pd.Series[Any]:
    kind = column.type
    if pa.types.is_floating(kind):
        column = _whole(without_nan(column))
        return _nullable(column, "Int64" if pa.types.is_integer(column.type) else "Float64")
    if pa.types.is_boolean(kind):
        return _nullable(column, "boolean") if column.null_count else _dense(column, np.bool_)
    if pa.types.is_integer(kind):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:  # unsigned 64-bit hashes
            return _words(column.cast(pa.string()))
        return _nullable(column, "Int64") if column.null_count else _dense(column, np.int64)
    return _words(column)


def _dense(column: Any, kind: type[np.generic]) -> pd.Series[Any]:
    series: pd.Series[Any] = pd.Series(np.array(column.to_numpy(), dtype=kind))
    return series


def _words(column: Any) -> pd.Series[Any]:
    """str, or None if empty."""
    words = column.to_pylist()
    return pd.Series([None if w is None or w == "" else str(w) for w in words], dtype=object)


def _nullable(column: Any, dtype: str) -> pd.Series[Any]:
    missing = mask(column.is_null())
    filled = pc.fill_null(column, pa.scalar(0).cast(column.type))
    kind, array = _ARRAYS[dtype]
    series: pd.Series[Any] = pd.Series(array(np.array(filled.to_numpy(), dtype=kind), missing))
    return series
