"""Put each user's interactions in time order, and count the items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Histories:
    """The items that each user interacted with, oldest first, as rows of ``dataset.items``.

    Users are rows of ``dataset.users``; a user without interactions has an empty history.
    """

    offsets: NDArray[np.int64]
    """``(U + 1,)``: the history of user row u is ``items[offsets[u]:offsets[u + 1]]``."""
    items: NDArray[np.int32]
    """``(N,)`` rows of ``dataset.items``."""
    timestamps: NDArray[np.float64] | None = None
    """``(N,)`` seconds since 1970; None if the data has none."""
    ordered: bool = True
    """False if the order within a user is a random draw, as the data does not say it."""

    @classmethod
    def of_rows(
        cls,
        users: NDArray[np.int32],
        items: NDArray[np.int32],
        timestamps: NDArray[np.float64] | None,
        count: int,
    ) -> Histories:
        """Sort N interactions by user, then by timestamp, then by their place in the arrays.

        Args:
            users: ``(N,)`` user rows.
            items: ``(N,)`` item rows.
            timestamps: ``(N,)`` seconds since 1970, or None.
            count: how many users there are.
        """
        # lexsort is stable, and its last key leads.
        keys: list[NDArray[Any]] = [users] if timestamps is None else [timestamps, users]
        order = np.lexsort(keys)
        lengths = np.bincount(users, minlength=count)
        return cls(
            np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            items[order],
            None if timestamps is None else timestamps[order],
        )

    def of(self, row: int) -> NDArray[np.int32]:
        """The history of the user in this row, as a view."""
        return self.items[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """``(U,)``: how many items each user interacted with."""
        return np.diff(self.offsets)

    def item_counts(self, items: int) -> NDArray[np.int64]:
        """``(items,)``: how many interactions each item row has, which is its popularity."""
        return np.bincount(self.items, minlength=items)
