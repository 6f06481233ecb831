"""Turn histories into sparse matrices of users by items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from towhee_recsys.datasets import Histories


def seen_items(histories: Histories, items: int) -> csr_array:
    """``(U, items)`` float32: 1 if the user interacted with the item."""
    return csr_array(
        (np.ones(len(histories.items), np.float32), histories.items, histories.offsets),
        shape=(len(histories.lengths), items),
    )


def decayed_items(pasts: Sequence[NDArray[np.int32]], items: int, decay: float) -> csr_array:
    """``(B, items)`` float32: decay^age for each item of a history, oldest first.

    The latest item has age 0, the one before it age 1, and so on. A decay of 1 counts all alike.
    """
    lengths = np.array([len(past) for past in pasts])
    ages = np.concatenate([np.arange(n)[::-1] for n in lengths])
    weights = np.power(decay, ages).astype(np.float32)
    ends = np.concatenate(([0], np.cumsum(lengths)))
    return csr_array((weights, np.concatenate(pasts), ends), shape=(len(pasts), items))
