"""Interactions become histories in time order, and histories become what is learnt and what is
asked: each user's last item for the test, the one before it for validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from towhee_recsys.datasets.dataset import Dataset
from towhee_recsys.types import ITEM_ID, TIMESTAMP, USER_ID


@dataclass(frozen=True, eq=False)
class Histories:
    """Which items each user met, oldest first, as rows of ``dataset.items``.

    A user's row is that of ``dataset.users``; users who met nothing have an empty history.
    """

    offsets: NDArray[np.int64]
    """``(U + 1,)``: the history of user row u is ``items[offsets[u]:offsets[u + 1]]``."""
    items: NDArray[np.int32]
    """``(N,)`` rows of ``dataset.items``."""
    timestamps: NDArray[np.float64] | None = None
    """``(N,)`` seconds since 1970; None where the data has none."""

    def of(self, row: int) -> NDArray[np.int32]:
        """The history of the user in this row; a view, not a copy."""
        return self.items[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """``(U,)``: how many items each user met."""
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class Split:
    """What a model may learn from, and the items that it is asked for afterwards."""

    train: Histories
    validation: NDArray[np.int32]
    """``(U,)`` rows of ``dataset.items``; -1 where the user has no such item."""
    test: NDArray[np.int32]
    """``(U,)``, likewise."""


def histories(dataset: Dataset) -> Histories:
    """Each user's items by timestamp; at equal timestamps, and without any, in file order."""
    table = dataset.interactions
    users = _rows(dataset.users[USER_ID], table[USER_ID])
    items = _rows(dataset.items[ITEM_ID], table[ITEM_ID]).astype(np.int32)
    keys = [users]
    if TIMESTAMP in table:
        keys.insert(0, table[TIMESTAMP].to_numpy())
    order = np.lexsort(keys)  # stable; the last key leads
    counts = np.bincount(users, minlength=len(dataset.users))
    return Histories(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        items[order],
        table[TIMESTAMP].to_numpy()[order] if TIMESTAMP in table else None,
    )


def last_two(histories: Histories) -> Split:
    """Each user's last item is the test's, the one before it validation's, the others are train's.

    Users with fewer than three interactions stay in train whole, and are asked nothing.
    """
    ends = histories.offsets[1:]
    asked = histories.lengths >= 3
    validation = np.full(len(ends), -1, np.int32)
    test = np.full(len(ends), -1, np.int32)
    validation[asked] = histories.items[ends[asked] - 2]
    test[asked] = histories.items[ends[asked] - 1]
    kept = np.ones(len(histories.items), bool)
    kept[ends[asked] - 1] = False
    kept[ends[asked] - 2] = False
    offsets = histories.offsets.copy()
    offsets[1:] -= 2 * np.cumsum(asked)
    return Split(Histories(offsets, histories.items[kept]), validation, test)


def _rows(ids: pd.Series[Any], wanted: pd.Series[Any]) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = pd.Index(ids).get_indexer(pd.Index(wanted)).astype(np.int64)
    return rows
