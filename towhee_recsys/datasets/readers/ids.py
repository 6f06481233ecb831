"""Turn raw ids into int64 if all of them are canonical integers, else into text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, mask, without_nan
from towhee_recsys.types import MAX_ID_LENGTH

_CANONICAL = r"^(0|-?[1-9][0-9]*)$"


def ids(places: Sequence[tuple[Table, str]], problems: Problems) -> list[Any]:
    """The ids of one kind from all columns that hold them, as Arrow columns of one type.

    They are int64 if every id is a canonical integer, else text.
    """
    columns = [_id_column(table, name, problems) for table, name in places]
    _warn_of_blanks(places, columns, problems)
    try:
        return [_canonical(column) for column in columns]
    except pa.ArrowInvalid:
        return [column.cast(pa.string()) for column in columns]


def _id_column(table: Table, name: str, problems: Problems) -> Any:
    column = table.columns[name]
    kind = column.type
    if pa.types.is_floating(kind):  # how pandas stores integers if some are missing
        column = without_nan(column)
        whole = pc.fill_null(pc.equal(pc.floor(column), column), True)
        if pc.all(whole).as_py():
            column = column.cast(pa.int64())
    elif pa.types.is_null(kind):
        column = column.cast(pa.string())
    if not (pa.types.is_integer(column.type) or pa.types.is_string(column.type)):
        table.report(
            problems,
            name,
            np.ones(len(table), bool),
            f"an id is neither an integer nor text but {kind}",
            "Give integers or text.",
        )
        return pa.chunked_array([pa.nulls(len(table), pa.int64())])
    empty = column.is_null()
    if pa.types.is_string(column.type):
        empty = pc.or_(empty, pc.fill_null(pc.equal(column, ""), True))
        long = pc.greater(pc.fill_null(pc.utf8_length(column), 0), MAX_ID_LENGTH)
        table.report(
            problems,
            name,
            mask(long),
            f"an id is longer than {MAX_ID_LENGTH} characters",
            "Shorten it.",
        )
    table.report(
        problems,
        name,
        mask(empty),
        "the id is empty",
        "Fill it, or leave the row out.",
        quote=False,
    )
    return column


def _warn_of_blanks(
    places: Sequence[tuple[Table, str]], columns: Sequence[Any], problems: Problems
) -> None:
    """Warn of ids with blanks around them if others are the same without, or if all would be
    integers."""
    texts = [column.unique() for column in columns if pa.types.is_string(column.type)]
    if not texts:
        return
    every = pa.chunked_array(texts).drop_null().unique()
    bare = pc.utf8_trim_whitespace(every)
    if pc.all(pc.equal(bare, every), min_count=0).as_py():
        return
    integers = pc.all(pc.match_substring_regex(bare, _CANONICAL)).as_py()
    if not integers and len(bare.unique()) == len(every):
        return
    what = "so all ids are texts and not integers" if integers else "and another is it without them"
    wrong = f"an id has blanks around it, {what}"
    for (table, name), column in zip(places, columns, strict=True):
        if pa.types.is_string(column.type):
            differs = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), column), False)
            table.report(problems, name, mask(differs), wrong, "Remove the blanks.", doubtful=True)


def _canonical(column: Any) -> Any:
    """The column as int64. Raises ArrowInvalid if an id is not a canonical integer."""
    if pa.types.is_string(column.type):
        fits = pc.match_substring_regex(column.unique(), _CANONICAL)
        if not pc.all(fits, min_count=0).as_py():
            raise pa.ArrowInvalid("not a canonical integer")
    return column.cast(pa.int64())
