"""Split each user's history into what a model learns from and what it is evaluated on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.histories import Histories


@dataclass(frozen=True, eq=False)
class Split:
    """The histories to train on, and each user's item for validation and for the test."""

    train: Histories
    validation: NDArray[np.int32]
    """``(U,)`` rows of ``dataset.items``; -1 if the user has no such item."""
    test: NDArray[np.int32]
    """``(U,)``, likewise."""


def last_two(histories: Histories) -> Split:
    """Take each user's last item for the test, the one before for validation, the rest to train.

    A user with fewer than three interactions stays in train whole and is not evaluated.
    """
    ends = histories.offsets[1:]
    evaluated = histories.lengths >= 3
    validation = np.full(len(ends), -1, np.int32)
    test = np.full(len(ends), -1, np.int32)
    validation[evaluated] = histories.items[ends[evaluated] - 2]
    test[evaluated] = histories.items[ends[evaluated] - 1]
    kept = np.ones(len(histories.items), bool)
    kept[ends[evaluated] - 1] = False
    kept[ends[evaluated] - 2] = False
    offsets = histories.offsets.copy()
    offsets[1:] -= 2 * np.cumsum(evaluated)
    return Split(Histories(offsets, histories.items[kept]), validation, test)
