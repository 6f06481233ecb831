"""Rank all items for many users: the rank of each one's next item, and the list to recommend.

Models and baselines are all ranked here, so that they are compared under one protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle.calibration import log_totals
from towhee_recsys.datasets import Histories, Split
from towhee_recsys.datasets.splits import SplitName
from towhee_recsys.evaluation.metrics import Ranks, best_columns, rank_targets

_SCORES_AT_ONCE = 2**22
"""Scores held in memory at once, which limits the users in a batch; these are at most 256."""

Score = Callable[[NDArray[np.int64], list[NDArray[np.int32]]], NDArray[np.float32]]
"""Takes user rows and their histories (item rows, oldest first); returns ``(B, N)`` float32."""
Advance = Callable[[int], None]
"""Called with the number of users done since the last call."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The ranks and lists of U users who have a target."""

    users: NDArray[np.int64]
    """``(U,)`` rows of the users' table."""
    ranks: Ranks
    """``(U,)``: the rank of the target, from 1."""
    lists: NDArray[np.int32]
    """``(U, K)`` item rows, best first; -1 if fewer than K items were left."""
    scores: NDArray[np.float32]
    """``(U, K)``: their scores; NaN if there is no item."""
    log_totals: NDArray[np.float64]
    """``(U,)``: the log of the sum of exp(score) over all ranked items; 0 if K is 0."""


def answer_users(
    score: Score,
    split: Split,
    part: SplitName,
    ranked: NDArray[np.int64],
    ids: NDArray[Any],
    *,
    length: int = 10,
    users: NDArray[np.int64] | None = None,
    advance: Advance | None = None,
) -> Answers:
    """Rank the catalogue for each of `users` (by default all who have a target), in their order.

    Items already seen are left out, the target never. Equal scores are ordered by item id.

    Args:
        score: the model or baseline to evaluate.
        split: the users' histories and targets.
        part: which target. For the test, the validation item belongs to the history.
        ranked: ``(R,)`` item rows to rank. Users whose target is not among them are left out.
        ids: ``(N,)`` ids of all items.
        length: items in each user's list.
        users: user rows to evaluate.
        advance: called with the number of users done.
    """
    targets = split.validation if part == "validation" else split.test
    rows = np.flatnonzero(targets >= 0) if users is None else users
    rows = rows[np.isin(targets[rows], ranked)]
    order = ranked[np.argsort(ids[ranked], kind="stable")]
    column = np.full(len(ids), -1)
    column[order] = np.arange(len(order))
    ranks = np.empty(len(rows), dtype=np.int64)
    lists = np.full((len(rows), length), -1, dtype=np.int32)
    listed = np.full((len(rows), length), np.nan, dtype=np.float32)
    totals = np.zeros(len(rows))
    together = max(1, min(256, _SCORES_AT_ONCE // max(1, len(ranked))))
    for chunk in _chunks(rows, split.train, together):
        pasts = [split.past(int(row), part) for row in rows[chunk]]
        scores = score(rows[chunk], pasts)[:, order]
        seen = [column[past] for past in pasts]
        seen = [columns[columns >= 0] for columns in seen]
        ranks[chunk] = rank_targets(scores, column[targets[rows[chunk]]], seen)
        if length:
            totals[chunk] = log_totals(scores)
        for i, row in zip(chunk, scores if length else (), strict=False):
            best = best_columns(row, length)
            lists[i, : len(best)], listed[i, : len(best)] = order[best], row[best]
        if advance:
            advance(len(chunk))
    return Answers(rows, ranks, lists, listed, totals)


def rank_users(
    score: Score,
    split: Split,
    part: SplitName,
    ranked: NDArray[np.int64],
    ids: NDArray[Any],
    *,
    users: NDArray[np.int64] | None = None,
    advance: Advance | None = None,
) -> Ranks:
    """The ranks of `answer_users`, without lists."""
    return answer_users(
        score, split, part, ranked, ids, length=0, users=users, advance=advance
    ).ranks


def _chunks(rows: NDArray[np.int64], train: Histories, size: int) -> Iterator[NDArray[np.int64]]:
    """Positions in `rows`, so that users with histories of similar length are together."""
    order = np.argsort(train.lengths[rows], kind="stable")
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]
