"""Hold the three checked tables of a data set, and what follows from them."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from towhee_recsys.datasets.histories import Histories, Order, drawn, hashed
from towhee_recsys.datasets.readers.problems import Problem
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.types import ITEM_ID, TIMESTAMP, USER_ID


@dataclass(frozen=True)
class Source:
    """Where a data set was read from: enough to read it again and to notice a change."""

    kind: Literal["sample", "movielens", "tables"]
    location: str
    """What `Dataset.load` takes: an absolute path, or ``sample:SEED``."""
    sha256: str
    """Checksum of the bytes that were read."""


@dataclass(frozen=True)
class InteractionRows:
    """The interactions as rows of the two tables, in the order of ``Contents.interactions``."""

    users: NDArray[np.int32]
    """``(N,)`` rows of ``Contents.users``."""
    items: NDArray[np.int32]
    """``(N,)`` rows of ``Contents.items``."""


@dataclass(frozen=True, eq=False, repr=False)
class Contents:
    """Users, items and interactions, checked. Every reader makes one, and `Dataset` is one.

    Ids are int64 if every id of their kind is a canonical integer, else str (dtype object).
    The columns of users and items have these types, by role:

    - ``categorical``: int64 (Int64 if some are missing), bool, or str and None (object)
    - ``multi_categorical``: a list of str in each row, empty if missing (object)
    - ``number``: Int64 or Float64, NA if missing
    - ``text``, ``display``: str or None (object)
    """

    name: str
    schema: Schema
    users: pd.DataFrame
    """``user_id``, unique, and the columns of `schema.users`. If the data has no table of users,
    this one lists the users of the interactions, in order of appearance."""
    items: pd.DataFrame
    """``item_id``, unique, and the columns of `schema.items`."""
    interactions: pd.DataFrame
    """``user_id``, ``item_id``, ``timestamp`` (float64, seconds since 1970) and ``rating``
    (float32); the last two only if the data has them. Rows are in file order. A repeated
    (user, item) pair is kept once, as its first in time."""
    source: Source | None
    """None if the tables were data frames."""
    repeated: int
    """How many interactions were left out as repetitions."""
    warnings: tuple[Problem, ...] = ()
    """What is doubtful in the tables: they are used as they are, and whoever uses them is told."""
    file_order: bool = False
    """Whether the file's order is time order: all of it without timestamps, else where these are
    equal."""
    rows: InitVar[InteractionRows | None] = None
    """The row numbers, if the maker has them already. Otherwise they are looked up by id when the
    histories are first needed. `dataclasses.replace` does not carry them over."""
    _rows: InteractionRows | None = field(default=None, init=False, repr=False)

    def __post_init__(self, rows: InteractionRows | None) -> None:
        object.__setattr__(self, "_rows", rows)

    @property
    def order(self) -> Order:
        """What puts a user's interactions in order, if anything does.

        It is ``unknown`` without timestamps, and if more than half of users' consecutive
        interactions have equal ones, unless the file's order is time order.
        """
        if self.file_order:
            return "file"
        return "time" if self.histories.ordered else "unknown"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {self.counts}>"

    @property
    def counts(self) -> str:
        """The sizes of the tables in words."""
        tables = {name: getattr(self, name) for name in ("users", "items", "interactions")}
        return ", ".join(f"{len(table):,} {name}" for name, table in tables.items())

    @cached_property
    def histories(self) -> Histories:
        """Each user's items by timestamp. Equal timestamps are in file order if that is time order,
        else in an order drawn at random, and so is everything if the order is unknown.

        Computed once and kept. It takes 4 bytes an interaction, and 8 more with timestamps; the
        row numbers (8 bytes) are released.
        """
        rows = self._rows or InteractionRows(
            _find(self.interactions[USER_ID], self.users[USER_ID]),
            _find(self.interactions[ITEM_ID], self.items[ITEM_ID]),
        )
        object.__setattr__(self, "_rows", None)
        times = self.interactions[TIMESTAMP].to_numpy() if TIMESTAMP in self.interactions else None
        seeds, draw = hashed(self.users[USER_ID]), None
        if not self.file_order:
            draw = drawn(seeds[rows.users], hashed(self.items[ITEM_ID])[rows.items])
        return Histories.of_rows(rows.users, rows.items, times, len(self.users), draw, seeds)


def _find(wanted: pd.Series[Any], ids: pd.Series[Any]) -> NDArray[np.int32]:
    rows: NDArray[np.int32] = pd.Index(ids).get_indexer(pd.Index(wanted)).astype(np.int32)
    return rows
