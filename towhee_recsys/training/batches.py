"""Cut training histories into batches of positions, each with an item as its target."""

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
    """The histories of B users, and the P positions in them that have a target: the next item of a
    sequence, and in a set the item that stands there itself."""

    users: Rows
    """``(B,)`` rows of the users' table."""
    codes: NDArray[np.int32]
    """``(B, L)`` item rows, padded on the right; see `pad_histories`."""
    positions: Rows
    """``(P,)`` flat positions in ``(B, L)`` that are not padding."""
    targets: Rows
    """``(P,)`` item rows."""
    seen: list[tuple[NDArray[np.int32], NDArray[np.int32]]]
    """For each of the B users: all their items, oldest first; and for each of their positions, how
    many of these items the user had seen by then. In a set that is all of them, the target too."""
    context: NDArray[np.float32] | None = None
    """``(B, L)``, for histories without an order: 1 where an item may be read to predict others."""


class Batches:
    """The training histories, cut into new batches for every epoch.

    Every user occurs once in an epoch. A batch has at most `batch_positions` padded positions, or a
    single user. Users with histories of similar length, up to 5% jitter, share a batch. Batches
    come in random order.
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
        """Batches in an epoch, up to the jitter."""

    def epoch(self, rng: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = np.argsort(self.lengths * rng.uniform(1.0, 1.05, len(self.users)), kind="stable")
        # With the jitter, some users follow longer ones, and are padded to their length.
        groups = self._groups(np.maximum.accumulate(self.lengths[order]))
        for i in rng.permutation(len(groups)):
            yield self.batch(self.users[order[groups[i]]], rng)

    def batch(self, users: Rows, rng: np.random.Generator) -> Batch:
        """A batch with one window of each user's history."""
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
        """How many items to read before the last target. Usually all; for a history longer than the
        model reads, a random number half of the time."""
        if length - 1 > self.max_history and rng.random() < 0.5:
            return int(rng.integers(self.max_history, length))
        return length - 1

    def _groups(self, lengths: NDArray[Any]) -> list[slice]:
        """Slices of the ascending `lengths` that fit a batch when padded to the longest."""
        groups, begin = [], 0
        for i, length in enumerate(lengths):
            if i > begin and (i - begin + 1) * length > self.batch_positions:
                groups.append(slice(begin, i))
                begin = i
        groups.append(slice(begin, len(lengths)))
        return groups


class SetBatches(Batches):
    """The same for histories without an order: each item of a user is predicted from the others.

    Of a history longer than the model reads in training, as many random items are drawn in each
    epoch. Half of the users have all others of their items to read, the rest a random share of
    them, so that the model also learns to serve users with short histories.
    """

    def batch(self, users: Rows, rng: np.random.Generator) -> Batch:
        """A batch with some or all items of each user."""
        histories = [self.histories.of(int(user)) for user in users]
        most = self.max_history + 1
        drawn = [
            history if len(history) <= most else rng.choice(history, most, replace=False)
            for history in histories
        ]
        lengths = np.array([len(rows) for rows in drawn])
        real = np.arange(lengths.max())[None, :] < lengths[:, None]
        codes = np.full(real.shape, self.items, np.int32)
        codes[real] = np.concatenate(drawn)
        shares = np.where(rng.random(len(users)) < 0.5, 1.0, rng.random(len(users)))
        context = real & (rng.random(real.shape) < shares[:, None])
        return Batch(
            users=users,
            codes=codes,
            positions=np.flatnonzero(real),
            targets=codes[real].astype(np.int64),
            seen=[
                (history, np.full(length, len(history), np.int32))
                for history, length in zip(histories, lengths, strict=True)
            ],
            context=context.astype(np.float32),
        )


def seen_pairs(batch: Batch, pool: Rows, items: int) -> tuple[Rows, Rows]:
    """Which items of `pool` were already seen, as pairs of a position and a column.

    Args:
        batch: a batch with P positions.
        pool: distinct item rows, a column each.
        items: how many items there are.

    Returns:
        Positions among the P, and columns of `pool` with an item that the position's user had seen
        by then.
    """
    histories = [history for history, _ in batch.seen]
    seen = np.concatenate([counts for _, counts in batch.seen]).astype(np.int64)
    column = np.full(items, -1)
    column[pool] = np.arange(len(pool))
    # Only what is in the pool is repeated for each position: with few negatives that is little.
    columns = column[np.concatenate(histories)]
    pooled = np.concatenate(([0], np.cumsum(columns >= 0)))
    columns = columns[columns >= 0]
    begins = np.repeat(
        np.cumsum([0, *map(len, histories[:-1])]), [len(counts) for _, counts in batch.seen]
    )
    first, last = pooled[begins], pooled[begins + seen]
    each = last - first
    positions = np.repeat(np.arange(len(seen)), each)
    # Within each position count up from its user's first column.
    nth = np.arange(len(positions)) - np.repeat(np.cumsum(each) - each, each)
    return positions, columns[first[positions] + nth]
