"""Compute the ranks of target items, and hit rate, NDCG and MRR from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.int64]
"""``(U,)``: the place of each user's target, from 1."""

CUTOFFS = (1, 5, 10, 20, 50, 100)


def rank_targets(
    scores: NDArray[np.float32], targets: NDArray[np.int64], seen: list[NDArray[np.int32]]
) -> Ranks:
    """Rank each user's target among all items except those already seen.

    Equal scores are ordered by column, and columns are ordered by item id, as in the stores. The
    target itself is never left out.

    Args:
        scores: ``(B, N)``. They are overwritten: seen items become -inf.
        targets: ``(B,)`` columns of `scores`.
        seen: each user's columns to leave out.
    """
    rows = np.arange(len(scores))
    wanted = scores[rows, targets].copy()
    for row, columns in enumerate(seen):
        scores[row, columns] = -np.inf
    scores[rows, targets] = wanted
    better = ~(scores <= wanted[:, None])  # NaN counts as better than the target
    before = (scores == wanted[:, None]) & (np.arange(scores.shape[1]) < targets[:, None])
    return np.asarray(1 + better.sum(axis=1) + before.sum(axis=1), dtype=np.int64)


def best_columns(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The columns of the k highest of ``(N,)`` scores, best first, equal scores by column.

    Scores of -inf and NaN are left out, so there may be fewer than k.
    """
    left = np.flatnonzero(scores > -np.inf)
    if len(left) > k:
        threshold = np.partition(scores[left], -k)[-k]
        left = left[scores[left] >= threshold]
    return left[np.argsort(-scores[left], kind="stable")[:k]]


def hits(ranks: Ranks, k: int = 10) -> NDArray[np.float64]:
    """1 for each user whose target is in the top k, else 0."""
    return (ranks <= k).astype(np.float64)


def gains(ranks: Ranks, k: int = 10) -> NDArray[np.float64]:
    """Each user's NDCG@k (Järvelin and Kekäläinen 2002): 1 / log2(rank + 1) if rank ≤ k, else 0.
    The ideal gain of a single target is 1."""
    return np.where(ranks <= k, 1.0 / np.log2(ranks + 1.0), 0.0)


def hit_rate(ranks: Ranks, k: int = 10) -> float:
    """The share of users whose target is in the top k.

    Each user has one target, so recall@k is the same number, and precision@k is 1/k of it.
    """
    return float(hits(ranks, k).mean())


def ndcg(ranks: Ranks, k: int = 10) -> float:
    """The mean of `gains`."""
    return float(gains(ranks, k).mean())


def mrr(ranks: Ranks) -> float:
    """The mean of 1 / rank, without a cutoff (Voorhees 1999)."""
    return float((1.0 / ranks).mean())


def summary(ranks: Ranks) -> dict[str, float]:
    """``hr@10`` and ``ndcg@10``; empty if there are no users."""
    return {"hr@10": hit_rate(ranks), "ndcg@10": ndcg(ranks)} if len(ranks) else {}


def rank_figures(ranks: Ranks) -> dict[str, float]:
    """``hr@k`` and ``ndcg@k`` for each k of `CUTOFFS`, and ``mrr``; empty if there are no users."""
    if not len(ranks):
        return {}
    return {
        **{f"hr@{k}": hit_rate(ranks, k) for k in CUTOFFS},
        **{f"ndcg@{k}": ndcg(ranks, k) for k in CUTOFFS},
        "mrr": mrr(ranks),
    }
