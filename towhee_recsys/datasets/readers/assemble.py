"""Tables as they were read become a data set, once ids, references and values have been checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.dataset import Dataset, Source
from towhee_recsys.datasets.readers.ids import ids
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.readers.times import timestamps
from towhee_recsys.datasets.readers.values import numbers, role_values
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID


@dataclass
class Parts:
    """What a reader found. A table is None where it could not be read, which is noted already;
    or, for `users`, where there is none."""

    name: str
    schema: Schema
    interactions: Table | None
    items: Table | None
    users: Table | None
    source: Source | None


def assemble(parts: Parts, problems: Problems) -> Dataset | None:
    """Check all that can be checked, and make the data set if nothing was wrong, here or before."""
    blamed = {problem.file for problem in problems}
    for table in (parts.interactions, parts.items, parts.users):
        if table is not None and not len(table) and table.file not in blamed:
            problems.add(table.file, "holds no rows", "A data set needs users, items and plays.")
    own_items, met_items = _ids(parts.items, parts.interactions, ITEM_ID, problems)
    own_users, met_users = _ids(parts.users, parts.interactions, USER_ID, problems)
    items = _columns(parts.items, parts.schema.items, problems)
    users = _columns(parts.users, parts.schema.users, problems)
    times, ratings = _moments_and_ratings(parts.interactions, problems)
    if len(problems):
        return None
    if own_users is None:
        own_users = met_users.unique()
    interactions, repeated = _first_of_pairs(
        pc.index_in(met_users, value_set=_one(own_users)).to_numpy(),
        pc.index_in(met_items, value_set=_one(own_items)).to_numpy(),
        times,
    )
    kept = {USER_ID: _values(met_users), ITEM_ID: _values(met_items)}
    if times is not None:
        kept[TIMESTAMP] = times
    if ratings is not None:
        kept[RATING] = ratings
    if repeated:
        kept = {name: values[interactions] for name, values in kept.items()}
    return Dataset(
        name=parts.name,
        schema=parts.schema,
        users=pd.DataFrame({USER_ID: _values(own_users), **users}),
        items=pd.DataFrame({ITEM_ID: _values(own_items), **items}),
        interactions=pd.DataFrame(kept),
        source=parts.source,
        repeated=repeated,
    )


def _ids(
    own: Table | None, interactions: Table | None, name: str, problems: Problems
) -> tuple[Any, Any]:
    """The ids of one kind in their own table and in the interactions, all of one type; None where
    there is no such column. Repeated ids in the first, and unknown ones in the second, are noted.
    """
    there = [t for t in (own, interactions) if t is not None and name in t.columns]
    read = iter(ids([(table, name) for table in there], problems))
    mine = next(read) if own in there and own is not None else None
    met = next(read) if interactions in there and interactions is not None else None
    if own is not None and mine is not None:
        again = pd.Series(_values(mine)).duplicated().to_numpy() & mine.is_valid().to_numpy()
        own.report(problems, name, again, "the id is there already", "Keep one row an id.")
        if interactions is not None and met is not None and len(own):
            known = pc.is_in(met, value_set=_one(mine))
            unknown = pc.and_(pc.invert(known), met.is_valid()).to_numpy()
            remedy = f"Add it there, or leave out the interactions with it ({own.file})."
            interactions.report(problems, name, unknown, f"is not in {own.file}", remedy)
    return mine, met


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


def _moments_and_ratings(
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
    """Which interactions to keep so that of each (user, item) pair the first in time stays, at
    equal times the first in the file; and how many go."""
    pairs = users.astype(np.int64) << 32 | items
    kept = ~pd.Series(pairs).duplicated().to_numpy()
    if kept.all() or times is None:
        return kept, int((~kept).sum())
    order = np.argsort(times, kind="stable")
    kept[order] = ~pd.Series(pairs[order]).duplicated().to_numpy()
    return kept, int((~kept).sum())


def _one(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _values(column: Any) -> NDArray[Any]:
    """int64, or str in an object array."""
    if pa.types.is_integer(column.type):
        return np.asarray(pc.fill_null(column, 0).to_numpy(zero_copy_only=False))
    return np.array(column.to_pylist(), dtype=object)
