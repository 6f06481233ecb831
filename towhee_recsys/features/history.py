"""Put histories of different lengths into one array, padded on the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pad_histories(
    histories: Sequence[NDArray[np.int32]], start: int, limit: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pad histories for the user tower.

    A history of at most `limit` items is preceded by `start`, so that a user without items has a
    position too. Of a longer history, the last `limit` items are read.

    Args:
        histories: item rows, oldest first.
        start: the code in front of the first item.
        limit: how many items the tower reads.

    Returns:
        ``(B, L)`` int32 codes padded with `start`, L at most ``limit + 1``, and ``(B,)`` int32
        lengths, each at least 1.
    """
    rows = [h[-limit:] if len(h) > limit else np.concatenate([[start], h]) for h in histories]
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    codes = np.full((len(rows), int(lengths.max(initial=1))), start, dtype=np.int32)
    for i, row in enumerate(rows):
        codes[i, : len(row)] = row
    return codes, lengths
