"""Data frames become tables, and where no schema is given, one that their values suggest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from towhee_recsys.datasets.assemble import Parts
from towhee_recsys.datasets.naming import free_to_bear, locate
from towhee_recsys.datasets.problems import Problems
from towhee_recsys.datasets.schema import Column, Role, Schema
from towhee_recsys.datasets.table import Table, chunked
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

_FEW = 100
"""Words that repeat are labels where there are at most so many different ones."""


def read_frames(
    interactions: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.DataFrame | None,
    schema: Schema | None,
    name: str,
    problems: Problems,
) -> Parts:
    """The frames as tables, and their schema: `schema`, or one from their values."""
    met = _table(
        "interactions", interactions, (USER_ID, ITEM_ID), (TIMESTAMP, RATING), {}, problems
    )
    item_columns = schema.items if schema else _suggested("items", items, ITEM_ID, problems)
    user_columns = schema.users if schema else {}
    who = None
    if users is not None:
        if schema is None:
            user_columns = _suggested("users", users, USER_ID, problems)
        who = _table("users", users, (USER_ID,), (), user_columns, problems)
    elif user_columns:
        remedy = "Pass `users`, or leave the columns out of the schema."
        problems.add("users", "the schema has columns of users, and there is no frame", remedy)
    what = _table("items", items, (ITEM_ID,), (), item_columns, problems)
    return Parts(name, Schema(users=user_columns, items=item_columns), met, what, who, None)


def _table(
    file: str,
    frame: pd.DataFrame,
    required: Sequence[str],
    optional: Sequence[str],
    columns: Mapping[str, Column],
    problems: Problems,
) -> Table:
    header = [str(name) for name in frame.columns]
    names = locate(file, header, required, optional, {}, list(columns), problems)
    arrays = {n: _array(frame.iloc[:, header.index(column)]) for n, column in names.items()}
    return Table(file, arrays, names)


def _suggested(
    file: str, frame: pd.DataFrame, id_name: str, problems: Problems
) -> dict[str, Column]:
    """A column for each of the frame's, the ids' aside."""
    header = [str(name) for name in frame.columns]
    taken = locate(file, header, (), (id_name,), {}, (), problems).get(id_name)
    free = free_to_bear(file, [name for name in header if name != taken], problems)
    return {name: Column(role=_role(_array(frame.iloc[:, header.index(name)]))) for name in free}


def _role(column: Any) -> Role:
    kind = column.type
    if pa.types.is_nested(kind):
        return "multi_categorical"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_boolean(kind):
        return "categorical"
    distinct = len(column.unique())
    return "categorical" if distinct <= min(_FEW, len(column) / 2) else "text"


def _array(column: pd.Series[Any]) -> Any:
    """The values in Arrow's types; as text where they are of several types."""
    try:
        return chunked(pa.Array.from_pandas(column))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        plain = [_plain(value) for value in column.tolist()]
    if any(isinstance(value, list) for value in plain):
        plain = [v if v is None or isinstance(v, list) else [v] for v in plain]
    return chunked(pa.array(plain))


def _plain(value: Any) -> str | list[str] | None:
    if isinstance(value, (list, tuple, set, frozenset)):
        members = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [str(member) for member in members]
    return None if pd.isna(value) else str(value)
