"""Scores of a data set's users → where their next items stand, and the lists they would be shown.

Whatever is ranked, by a model or by a baseline, is ranked here, so that all are asked the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle.calibration import log_totals
from towhee_recsys.datasets import Histories, Split
from towhee_recsys.evaluation.metrics import Ranks, best_columns, rank_targets

_SCORES_AT_ONCE = 2**22
"""Scores held in memory: as many users together as fit, at most 256."""

Score = Callable[[NDArray[np.int64], list[NDArray[np.int32]]], NDArray[np.float32]]
"""User rows and their histories (item rows, oldest first) → ``(B, N)`` float32 scores."""
Advance = Callable[[int], None]
"""Called with the number of users done since the last call."""
Which = Literal["validation", "test"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What U users who have a target were answered."""

    users: NDArray[np.int64]
    """``(U,)`` rows of the users' table."""
    ranks: Ranks
    """``(U,)``: where the target stands, from 1."""
    lists: NDArray[np.int32]
    """``(U, K)`` item rows, best first; -1 where fewer than K items were left."""
    scores: NDArray[np.float32]
    """``(U, K)``: theirs; NaN where there is no item."""
    log_totals: NDArray[np.float64]
    """``(U,)``: the log of the sum of exp(score) over all that was ranked; 0 where K is."""


def answer_users(
    score: Score,
    split: Split,
    which: Which,
    ranked: NDArray[np.int64],
    ids: NDArray[Any],
    *,
    length: int = 10,
    users: NDArray[np.int64] | None = None,
    advance: Advance | None = None,
) -> Answers:
    """Rank the catalogue for each of `users` (by default all who have a target), in their order.

    What they had met by then is left out; the target never is. Equal scores are ordered by id.

    Args:
        score: what is measured.
        split: what users had met, and what they are asked for.
        which: the target. Of the test it is known what the user met for validation.
        ranked: ``(R,)`` item rows to rank; users whose target is not among them are not asked.
        ids: ``(N,)`` ids of all items.
        length: items in each user's list.
        users: user rows to ask.
        advance: called with the number of users done.
    """
    targets = split.validation if which == "validation" else split.test
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
    for part in _chunks(rows, split.train, together):
        pasts = [_past(split, int(row), which) for row in rows[part]]
        scores = score(rows[part], pasts)[:, order]
        seen = [column[past] for past in pasts]
        seen = [columns[columns >= 0] for columns in seen]
        ranks[part] = rank_targets(scores, column[targets[rows[part]]], seen)
        if length:
            totals[part] = log_totals(scores)
        for i, row in zip(part, scores if length else (), strict=False):
            best = best_columns(row, length)
            lists[i, : len(best)], listed[i, : len(best)] = order[best], row[best]
        if advance:
            advance(len(part))
    return Answers(rows, ranks, lists, listed, totals)


def rank_users(
    score: Score,
    split: Split,
    which: Which,
    ranked: NDArray[np.int64],
    ids: NDArray[Any],
    *,
    users: NDArray[np.int64] | None = None,
    advance: Advance | None = None,
) -> Ranks:
    """The ranks of `answer_users` alone, without lists."""
    return answer_users(
        score, split, which, ranked, ids, length=0, users=users, advance=advance
    ).ranks


def _past(split: Split, row: int, which: Which) -> NDArray[np.int32]:
    past = split.train.of(row)
    return past if which == "validation" else np.append(past, split.validation[row])


def _chunks(rows: NDArray[np.int64], train: Histories, size: int) -> Iterator[NDArray[np.int64]]:
    """Positions in `rows`, users of like history length together."""
    order = np.argsort(train.lengths[rows], kind="stable")
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]
