"""Ranks of the items that were asked for → the figures that recommenders are compared by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.int64]


def rank_targets(
    scores: NDArray[np.float32], targets: NDArray[np.int64], seen: list[NDArray[np.int32]]
) -> Ranks:
    """Where each user's target stands among all items but those seen, from 1.

    Equal scores are ordered by the items' position, as the stores order them by id. The target
    itself is never left out.

    Args:
        scores: ``(B, N)``; overwritten.
        targets: ``(B,)`` columns of `scores`, in the order of the items' ids.
        seen: each user's columns to leave out.
    """
    rows = np.arange(len(scores))
    wanted = scores[rows, targets].copy()
    for row, columns in enumerate(seen):
        scores[row, columns] = -np.inf
    scores[rows, targets] = wanted
    better = ~(scores <= wanted[:, None])  # a score that is no number is no reason to win
    before = (scores == wanted[:, None]) & (np.arange(scores.shape[1]) < targets[:, None])
    return np.asarray(1 + better.sum(axis=1) + before.sum(axis=1), dtype=np.int64)


def hit_rate(ranks: Ranks, k: int = 10) -> float:
    """The share of users whose target is among the first k: recall@k for one target."""
    return float((ranks <= k).mean())


def ndcg(ranks: Ranks, k: int = 10) -> float:
    """Mean of 1 / log2(rank + 1) where rank ≤ k, else 0: for one target the ideal gain is 1
    (Järvelin and Kekäläinen 2002)."""
    return float(np.where(ranks <= k, 1.0 / np.log2(ranks + 1.0), 0.0).mean())


def summary(ranks: Ranks) -> dict[str, float]:
    """``hr@10`` and ``ndcg@10``."""
    return {"hr@10": hit_rate(ranks), "ndcg@10": ndcg(ranks)}
