"""Training histories → batches of positions, each with the item that came next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.histories import Histories
from towhee_recsys.features.history import pad_histories

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """B users' histories, and the P positions in them that have a next item."""

    users: Rows
    """``(B,)`` rows of the users' table."""
    codes: NDArray[np.int32]
    """``(B, L)`` item rows, padded on the right; see `pad_histories`."""
    positions: Rows
    """``(P,)`` flat positions in ``(B, L)`` that are not padding."""
    targets: Rows
    """``(P,)`` item rows that came next."""
    seen: list[tuple[NDArray[np.int32], NDArray[np.int32]]]
    """For each of the B users all their items, oldest first, and for each of their positions how
    many of these they had met by then."""


class Batches:
    """A data set's training histories, cut anew for every epoch.

    Every user comes once an epoch, in a batch of at most `batch_positions` padded positions, or
    alone. Users of like length share a batch, up to 5% jitter, and batches come in random order.
    """

    def __init__(
        self, histories: Histories, items: int, max_history: int, batch_positions: int
    ) -> None:
        self.histories = histories
        self.items = items
        self.max_history = max_history
        self.batch_positions = batch_positions
        self.users = np.flatnonzero(histories.lengths > 0)
        self.lengths = np.minimum(histories.lengths[self.users], max_history + 1)
        self.count = len(self._groups(np.sort(self.lengths)))
        """Batches an epoch, give or take the jitter."""

    def epoch(self, rng: np.random.Generator) -> Iterator[Batch]:
        order = np.argsort(self.lengths * rng.uniform(1.0, 1.05, len(self.users)), kind="stable")
        # The jitter leaves some users behind longer ones, whose length they are padded to.
        groups = self._groups(np.maximum.accumulate(self.lengths[order]))
        for i in rng.permutation(len(groups)):
            yield self.batch(self.users[order[groups[i]]], rng)

    def batch(self, users: Rows, rng: np.random.Generator) -> Batch:
        """One window of each of `users`' histories."""
        inputs, targets, seen = [], [], []
        for user in users:
            history = self.histories.of(int(user))
            end = self._window_end(len(history), rng)
            begin = end - self.max_history + 1 if end > self.max_history else 0
            inputs.append(history[:end])
            targets.append(history[begin : end + 1])
            seen.append((history, np.arange(begin, end + 1, dtype=np.int32)))
        codes, lengths = pad_histories(inputs, start=self.items, limit=self.max_history)
        real = np.arange(codes.shape[1])[None, :] < lengths[:, None]
        return Batch(
            users=users,
            codes=codes,
            positions=np.flatnonzero(real),
            targets=np.concatenate(targets).astype(np.int64),
            seen=seen,
        )

    def _window_end(self, length: int, rng: np.random.Generator) -> int:
        """How many items to read before the last target: all, or for a history longer than the
        model reads a random number half of the time."""
        if length - 1 > self.max_history and rng.random() < 0.5:
            return int(rng.integers(self.max_history, length))
        return length - 1

    def _groups(self, lengths: NDArray[Any]) -> list[slice]:
        """Runs of `lengths`, which ascend, that fit a batch when padded to their longest."""
        groups, begin = [], 0
        for i, length in enumerate(lengths):
            if i > begin and (i - begin + 1) * length > self.batch_positions:
                groups.append(slice(begin, i))
                begin = i
        groups.append(slice(begin, len(lengths)))
        return groups


def seen_pairs(batch: Batch, pool: Rows, items: int) -> tuple[Rows, Rows]:
    """What users had met, as pairs: a position of the P, and the column of `pool` with an item
    that its user had met by then. An item of the pool comes once in it."""
    histories = [history for history, _ in batch.seen]
    met = np.concatenate([counts for _, counts in batch.seen]).astype(np.int64)
    begins = np.cumsum([0, *map(len, histories[:-1])])
    begin = np.repeat(begins, [len(counts) for _, counts in batch.seen])
    positions = np.repeat(np.arange(len(met)), met)
    # Within each position count up from 0: the items of its user's history that were met.
    nth = np.arange(len(positions)) - np.repeat(np.cumsum(met) - met, met)
    column = np.full(items, -1)
    column[pool] = np.arange(len(pool))
    columns = column[np.concatenate(histories)[begin[positions] + nth]]
    return positions[columns >= 0], columns[columns >= 0]
