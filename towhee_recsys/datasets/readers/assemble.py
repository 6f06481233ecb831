"""Check the ids, references and values of raw tables, and make the contents of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.contents import Contents, InteractionRows, Source
from towhee_recsys.datasets.readers.ids import ids
from towhee_recsys.datasets.readers.private import without_own
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, mask, one_chunk
from towhee_recsys.datasets.readers.times import timestamps
from towhee_recsys.datasets.readers.values import numbers, role_values
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID


@dataclass
class Parts:
    """What a reader found. A table is None if it could not be read, which is a problem already;
    `users` is also None if the data has no such table."""

    name: str
    schema: Schema
    interactions: Table | None
    items: Table | None
    users: Table | None
    source: Source | None
    file_order: bool = False
    """Whether the file's order is time order."""


def assemble(parts: Parts, problems: Problems) -> Contents | None:
    """Check everything that can be checked. Return the contents if `problems` is still empty."""
    blamed = {problem.file for problem in problems}
    for table in (parts.interactions, parts.items, parts.users):
        if table is not None and not len(table) and table.file not in blamed:
            problems.add(
                table.file, "holds no rows", "A data set needs users, items and interactions."
            )
    own_items, their_items = _ids(parts.items, parts.interactions, ITEM_ID, problems)
    own_users, their_users = _ids(parts.users, parts.interactions, USER_ID, problems)
    items = _columns(parts.items, parts.schema.items, problems)
    users = _columns(parts.users, parts.schema.users, problems)
    times, ratings = _times_and_ratings(parts.interactions, problems)
    if len(problems):
        return None
    schema = parts.schema
    if parts.users is not None:
        files = {name: parts.users.files.get(name, parts.users.file) for name in schema.users}
        of_users = without_own(files, schema.users, users, problems)
        schema = schema.model_copy(update={"users": of_users})
        users = {name: values for name, values in users.items() if name in of_users}
    if own_users is None:
        own_users = their_users.unique()
    user_rows = _rows(their_users, own_users)
    item_rows = _rows(their_items, own_items)
    kept, repeated = _first_of_pairs(user_rows, item_rows, times)
    interactions = {USER_ID: _values(their_users), ITEM_ID: _values(their_items)}
    if times is not None:
        interactions[TIMESTAMP] = times
    if ratings is not None:
        interactions[RATING] = ratings
    if repeated:
        interactions = {name: values[kept] for name, values in interactions.items()}
        user_rows, item_rows = user_rows[kept], item_rows[kept]
    return Contents(
        name=parts.name,
        schema=schema,
        users=pd.DataFrame({USER_ID: _values(own_users), **users}),
        items=pd.DataFrame({ITEM_ID: _values(own_items), **items}),
        interactions=pd.DataFrame(interactions),
        source=parts.source,
        repeated=repeated,
        warnings=tuple(problems.warnings),
        file_order=parts.file_order,
        rows=InteractionRows(user_rows, item_rows),
    )


def _ids(
    own: Table | None, interactions: Table | None, name: str, problems: Problems
) -> tuple[Any, Any]:
    """The ids of one kind in their own table and in the interactions, all of one type; None if
    there is no such column. Repeated ids in the first, and unknown ones in the second, are
    problems."""
    there = [t for t in (own, interactions) if t is not None and name in t.columns]
    read = iter(ids([(table, name) for table in there], problems))
    mine = next(read) if own in there and own is not None else None
    theirs = next(read) if interactions in there and interactions is not None else None
    if own is not None and mine is not None:
        again = pd.Series(_values(mine)).duplicated().to_numpy() & _filled(mine)
        own.report(problems, name, again, "the id is there already", "Keep one row for each id.")
        whole = len(own) and not own.partial  # else rows that were left out would be missed
        if interactions is not None and theirs is not None and whole:
            known = pc.is_in(theirs, value_set=one_chunk(mine))
            unknown = mask(pc.invert(known)) & _filled(theirs)
            remedy = (
                f"Add it there, or leave out the interactions with it ({own.file}); in "
                f"dataset.yaml, {'unknown_items' if name == ITEM_ID else 'unknown_users'}: drop "
                "or keep settles it."
            )
            interactions.report(problems, name, unknown, f"is not in {own.file}", remedy)
    return mine, theirs


def _filled(column: Any) -> NDArray[np.bool_]:
    """Which ids are there. One that is missing is a problem already."""
    there = column.is_valid()
    if pa.types.is_string(column.type):
        there = pc.and_(there, pc.fill_null(pc.not_equal(column, ""), False))
    return mask(there)


def _columns(
    table: Table | None, columns: dict[str, Column], problems: Problems
) -> dict[str, pd.Series[Any]]:
    if table is None:
        return {}
    return {
        name: role_values(table, name, column, problems)
        for name, column in columns.items()
        if name in table.columns
    }


def _times_and_ratings(
    table: Table | None, problems: Problems
) -> tuple[NDArray[np.float64] | None, NDArray[np.float32] | None]:
    if table is None:
        return None, None
    times = timestamps(table, TIMESTAMP, problems) if TIMESTAMP in table.columns else None
    if RATING not in table.columns:
        return times, None
    ratings = numbers(table, RATING, problems).to_numpy(np.float32, na_value=np.nan)
    return times, ratings


def _first_of_pairs(
    users: NDArray[np.int32], items: NDArray[np.int32], times: NDArray[np.float64] | None
) -> tuple[NDArray[np.bool_], int]:
    """Which interactions to keep, and how many to leave out, so that each (user, item) pair comes
    once. The first in time stays, and the first in the file at equal times."""
    pairs = users.astype(np.int64) << 32 | items
    kept = ~pd.Series(pairs).duplicated().to_numpy()
    if kept.all() or times is None:
        return kept, int((~kept).sum())
    order = np.argsort(times, kind="stable")
    kept[order] = ~pd.Series(pairs[order]).duplicated().to_numpy()
    return kept, int((~kept).sum())


def _rows(wanted: Any, ids: Any) -> NDArray[np.int32]:
    """Where each of `wanted` stands among `ids`."""
    return np.asarray(pc.index_in(wanted, value_set=one_chunk(ids)).to_numpy(), dtype=np.int32)


def _values(column: Any) -> NDArray[Any]:
    """The ids as int64, or as str in an object array."""
    if pa.types.is_integer(column.type):
        return np.asarray(pc.fill_null(column, 0).to_numpy(zero_copy_only=False))
    return np.array(column.to_pylist(), dtype=object)
