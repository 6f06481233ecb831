"""Histories of unequal length → one array of codes, padded on the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pad_histories(
    histories: Sequence[NDArray[np.int32]], start: int, limit: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Item rows, oldest first → what the user tower reads, and how long each row of it is.

    A history that fits begins with `start`, the code that stands before anybody's first item, so
    that a user without items has a row too; of a longer one its last `limit` items are read.

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
