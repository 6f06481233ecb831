"""Turn data frames into tables, and suggest a schema from their values if none is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from towhee_recsys.datasets.readers.assemble import Parts
from towhee_recsys.datasets.readers.naming import locate, not_reserved
from towhee_recsys.datasets.readers.private import unnamed
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.references import listed_ids
from towhee_recsys.datasets.readers.table import Table, chunked, holds_lists
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.errors import DataError
from towhee_recsys.text import explained
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID, Role

UserColumns: TypeAlias = "Sequence[str] | Mapping[str, Role | Column]"
"""The columns of users to use: their names, or the role of each."""

_FEW = 100
"""Words that repeat are labels if there are at most so many different ones."""


def read_frames(
    interactions: pd.DataFrame,
    items: pd.DataFrame | None,
    users: pd.DataFrame | None,
    schema: Schema | None,
    user_columns: UserColumns | None,
    name: str,
    problems: Problems,
    file_order: bool = False,
) -> Parts:
    """The frames as tables, with `schema` or one that their values suggest."""
    interaction_table = _table(
        "interactions", interactions, (USER_ID, ITEM_ID), (TIMESTAMP, RATING), {}, problems
    )
    item_columns = schema.items if schema else {}
    if items is None:
        item_table = listed_ids(interaction_table, ITEM_ID)
        if item_columns:
            remedy = "Pass `items`, or leave the columns out of the schema."
            problems.add("items", "the schema has columns of items, but there is no frame", remedy)
    else:
        if schema is None:
            item_columns = _suggested("items", items, ITEM_ID, problems)
        item_table = _table("items", items, (ITEM_ID,), (), item_columns, problems)
    of_users = schema.users if schema else {}
    if of_users and user_columns is not None:
        remedy = "Name them in the schema alone, or in `user_columns` alone."
        problems.add("users", "both the schema and `user_columns` name columns", remedy)
    user_table = None
    if users is not None:
        if user_columns is not None:
            of_users = _named(users, user_columns, problems)
        elif schema is None:
            of_users = _suggested("users", users, USER_ID, problems)
        user_table = _table("users", users, (USER_ID,), (), of_users, problems)
    elif of_users or user_columns:
        remedy = "Pass `users`, or name no columns of users."
        problems.add("users", "columns of users are named, but there is no such frame", remedy)
    schema = Schema(users=of_users, items=item_columns)
    return Parts(name, schema, interaction_table, item_table, user_table, None, file_order)


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
    arrays = {n: _array(file, frame.iloc[:, header.index(c)]) for n, c in names.items()}
    return Table(file, arrays, names, private=file == "users")


def _suggested(
    file: str,
    frame: pd.DataFrame,
    id_name: str,
    problems: Problems,
) -> dict[str, Column]:
    """A role for each column of the frame except the ids and what is private."""
    header = [str(name) for name in frame.columns]
    taken = locate(file, header, (), (id_name,), {}, (), problems).get(id_name)
    suggested: dict[str, Column] = {}
    for name in not_reserved(file, [name for name in header if name != taken], problems):
        array = _array(file, frame.iloc[:, header.index(name)])
        role = _role(array)
        if not unnamed(file, name, array, role, problems):
            suggested[name] = Column(role=role)
    return suggested


def _named(frame: pd.DataFrame, user_columns: UserColumns, problems: Problems) -> dict[str, Column]:
    """The columns of users that the caller named. Their values decide the roles not given."""
    if isinstance(user_columns, str):
        user_columns = [user_columns]
    given: Mapping[str, Any] = (
        user_columns if isinstance(user_columns, Mapping) else dict.fromkeys(user_columns)
    )
    header = [str(name) for name in frame.columns]
    columns: dict[str, Column] = {}
    for name in not_reserved("users", given, problems):
        role = given[name]
        if role is None:  # `_table` reports a name that is not there
            there = name in header
            role = _role(_array("users", frame.iloc[:, header.index(name)])) if there else "text"
        try:
            columns[name] = Column.model_validate({"role": role} if isinstance(role, str) else role)
        except ValidationError as exc:
            wrong = explained(exc, Column.model_fields)
            remedy = "Give a role, as in user_columns={'country': 'categorical', 'age': 'number'}."
            problems.add("users", wrong, remedy, column=name)
    return columns


def _role(column: Any) -> Role:
    kind = column.type
    if holds_lists(column):
        return "multi_categorical"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_boolean(kind):
        return "categorical"
    if not pa.types.is_string(kind):
        return "display"
    distinct = len(column.unique())
    return "categorical" if distinct <= min(_FEW, len(column) / 2) else "text"


def _array(file: str, column: pd.Series[Any]) -> Any:
    """The values in one of Arrow's types, or as text if they have several. Sets are sorted."""
    if column.dtype == object:
        values = [sorted(v, key=str) if isinstance(v, (set, frozenset)) else v for v in column]
        column = pd.Series(values, dtype=object, name=column.name)
    try:
        array = pa.Array.from_pandas(column)
    except UnicodeEncodeError as exc:
        value = "a value" if file == "users" else f"{exc.object[:40]!a}"
        text = f"{file}, column '{column.name}': {value} is no Unicode text"
        # Its cause would show the value of a user.
        raise DataError(f"{text}. Repair it where it was decoded.") from None
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return _as_text(column)  # it has several types, or one that Arrow lacks
    if isinstance(array.type, pa.BaseExtensionType):  # periods, intervals and the like
        return _as_text(column)
    return chunked(array)


def _as_text(column: pd.Series[Any]) -> Any:
    plain = [_plain(value) for value in column.tolist()]
    if any(isinstance(value, list) for value in plain):
        plain = [v if v is None or isinstance(v, list) else [v] for v in plain]
    return chunked(pa.array(plain))


def _plain(value: Any) -> str | list[str] | None:
    if isinstance(value, (list, tuple, np.ndarray)):
        return [str(member) for member in value]
    return None if value is None or value is pd.NA or value != value else str(value)
