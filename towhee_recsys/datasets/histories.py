"""Put each user's interactions in time order, and count the items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Order: TypeAlias = Literal["time", "file", "unknown"]
"""What puts a user's interactions in order: ``time``, the timestamps; ``file``, the timestamps if
there are any, and the file's order where they are equal; ``unknown``, nothing."""

MOSTLY = 0.5
"""If a larger share of consecutive interactions has equal timestamps, these do not tell the
order."""


@dataclass(frozen=True, eq=False)
class Histories:
    """The items that each user interacted with, oldest first, as rows of ``dataset.items``. If the
    order is unknown, they are in a random order.

    Users are rows of ``dataset.users``; a user without interactions has an empty history.
    """

    offsets: NDArray[np.int64]
    """``(U + 1,)``: the history of user row u is ``items[offsets[u]:offsets[u + 1]]``."""
    items: NDArray[np.int32]
    """``(N,)`` rows of ``dataset.items``."""
    timestamps: NDArray[np.float64] | None = None
    """``(N,)`` seconds since 1970; None if the data has none. Ascending within a user, unless the
    order is unknown."""
    ordered: bool = True
    """False if the order within a user is a random draw, as the data does not say it."""
    tied: float = 0.0
    """The share of consecutive interactions of a user that have equal timestamps."""
    seeds: NDArray[np.uint64] | None = None
    """``(U,)``: a random number for each user, which does not depend on the order of the tables."""

    @classmethod
    def of_rows(
        cls,
        users: NDArray[np.int32],
        items: NDArray[np.int32],
        timestamps: NDArray[np.float64] | None,
        count: int,
        draw: NDArray[np.uint64] | None = None,
        seeds: NDArray[np.uint64] | None = None,
    ) -> Histories:
        """Sort N interactions by user, then by timestamp.

        Equal timestamps are sorted by `draw`. So are all of a user's interactions without
        timestamps, and if more than half of the consecutive ones are equal.

        Args:
            users: ``(N,)`` user rows.
            items: ``(N,)`` item rows.
            timestamps: ``(N,)`` seconds since 1970, or None.
            count: how many users there are.
            draw: ``(N,)`` numbers that have nothing to do with time; see `drawn`. None if the place
                in the arrays is time order.
            seeds: see the field.
        """
        # lexsort is stable, and its last key leads.
        ties: list[NDArray[Any]] = [] if draw is None else [draw]
        times: list[NDArray[Any]] = [] if timestamps is None else [timestamps]
        order = np.lexsort([*ties, *times, users])
        tied = 0.0 if timestamps is None else _tied(users[order], timestamps[order])
        ordered = draw is None or (timestamps is not None and tied <= MOSTLY)
        if times and not ordered:
            order = np.lexsort([*ties, users])
        lengths = np.bincount(users, minlength=count)
        return cls(
            np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            items[order],
            None if timestamps is None else timestamps[order],
            ordered,
            tied,
            seeds,
        )

    def of(self, row: int) -> NDArray[np.int32]:
        """The history of the user in this row, as a view."""
        return self.items[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """``(U,)``: how many items each user interacted with."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> NDArray[np.int64]:
        """``(N,)``: the user row of each item."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)

    def only(self, kept: NDArray[np.bool_]) -> Histories:
        """The histories with the interactions that are `kept`, ``(N,)``, and no timestamps."""
        offsets = np.concatenate(([0], np.cumsum(kept)))[self.offsets]
        return replace(self, offsets=offsets, items=self.items[kept], timestamps=None)

    def item_counts(self, items: int) -> NDArray[np.int64]:
        """``(items,)``: how many interactions each item row has, which is its popularity."""
        return np.bincount(self.items, minlength=items)


def hashed(ids: pd.Series[Any]) -> NDArray[np.uint64]:
    """A number for each id, always the same for the same id."""
    return pd.util.hash_array(ids.to_numpy(), categorize=False)


def drawn(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A random number for each pair of two arrays, always the same for the same two numbers.

    Of hashed ids of user and item, the draw depends neither on the order of the tables nor on that
    of the ids. The numbers are those of splitmix64 (Steele, Lea and Flood 2014).
    """
    mixed = first * np.uint64(0x9E3779B97F4A7C15) + second
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _tied(users: NDArray[np.int32], timestamps: NDArray[np.float64]) -> float:
    """The share of consecutive rows of one user that have equal timestamps, in sorted rows."""
    same = users[1:] == users[:-1]
    pairs = np.count_nonzero(same)
    equal = np.count_nonzero(same & (np.diff(timestamps) == 0))
    return float(equal / pairs) if pairs else 0.0
