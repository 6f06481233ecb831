"""Decide which baselines fit into a time budget, by timing a part of the work of each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle.comparison import POPULARITY
from towhee_recsys.datasets import Dataset, Histories, Split, split
from towhee_recsys.evaluation.baselines import Grid, popular_score, standard_baselines
from towhee_recsys.evaluation.ease import ease_score, ease_weights
from towhee_recsys.evaluation.evaluation import choosing_users
from towhee_recsys.evaluation.item_knn import item_neighbours, knn_score, pair_counts
from towhee_recsys.evaluation.matrices import seen_items
from towhee_recsys.evaluation.ranking import Score, answer_users
from towhee_recsys.types import ITEM_ID

SHARE = 0.25
"""The share of the time that all baselines may take. Training needs the rest."""
_SAFETY = 1.5
"""A part may be quicker than its share of the whole, as what it reads fits into the cache."""
_PART = 200
"""Users or items in a part."""
_INVERTED = 2_000
"""Size of the matrix whose inversion is timed."""


@dataclass(frozen=True)
class Within:
    """What fits into the time, and what does not."""

    seconds: float = 0.0
    """To keep back for those that fit."""
    left_out: dict[str, float] = field(default_factory=dict)
    """The other ones, and how many seconds each takes."""


def baselines_within(dataset: Dataset, holdout: str, seconds: float) -> Within:
    """Decide which of the standard baselines can be measured after training.

    Popularity always is.

    Args:
        dataset: the data to train and to evaluate on.
        holdout: what is held out to evaluate on; see `towhee_recsys.datasets.split`.
        seconds: what is left of the time budget.
    """
    past, ids = dataset.histories, dataset.items[ITEM_ID].to_numpy()
    parts, _ = split(past, holdout, dataset.name)
    ordered, limit = past.ordered, SHARE * max(0.0, seconds)
    users = int((parts.test >= 0).sum())
    if not users or not len(parts.train.items):
        return Within()
    kept, left_out = 0.0, {}
    for name in standard_baselines(len(ids), ordered):
        grid = Grid.of(len(ids), ordered, quick=True)
        fitting, settings, score = _PROBES[name](parts.train, len(ids), grid)
        choosing = settings * min(users, choosing_users(len(ids)))
        answering = choosing * _seconds_of_an_answer(score, parts, ids, length=0)
        answering += 2 * users * _seconds_of_an_answer(score, parts, ids, length=10)
        takes = _SAFETY * (fitting + answering)
        if name == POPULARITY:
            kept += min(takes, limit)
        elif kept + takes > limit:
            left_out[name] = round(takes, 1)
        else:
            kept += takes
    return Within(kept, left_out)


Probe = tuple[float, int, Score]
"""Seconds to fit a baseline with all settings, their number, and a score that takes as long as that
of the fitted one."""


def _popularity(train: Histories, items: int, _: Grid) -> Probe:
    return 0.0, 0, popular_score(train.item_counts(items))


def _ease(train: Histories, items: int, grid: Grid) -> Probe:
    size = min(items, _INVERTED)
    matrix = np.zeros((size, size), np.float32)
    # The first inversion also starts threads.
    inverting = min(_seconds(lambda: ease_weights(matrix, 1.0)) for _ in range(2))
    inverting *= (items / size) ** 3
    some = np.random.default_rng(0).permutation(len(train.lengths))[:_PART]
    seen = seen_items(train, items)[some]
    operations, of_part = (float((n**2).sum()) for n in (train.lengths, train.lengths[some]))
    multiplying = _seconds(lambda: seen.T @ seen) * operations / max(1.0, of_part)
    # Zeros that were never written take no memory.
    score = ease_score(np.zeros((items, items), np.float32), 0.5)
    return multiplying + len(grid.l2) * inverting, len(grid.l2) * len(grid.decays), score


def _item_knn(train: Histories, items: int, grid: Grid) -> Probe:
    pairs, k = pair_counts(train, items), max(grid.neighbours)
    some = np.sort(np.random.default_rng(0).permutation(np.flatnonzero(pairs))[:_PART])
    preparing = _seconds(lambda: item_neighbours(train, items, k, grid.shrinkages, some[:0]))
    begin = time.monotonic()
    found = item_neighbours(train, items, k, grid.shrinkages, some)
    finding = max(0.0, time.monotonic() - begin - preparing)
    fitting = preparing + finding * float(pairs.sum()) / float(pairs[some].sum())
    # All items get the neighbours of those in the part.
    score = knn_score(found[0][np.arange(items) % len(some)])
    settings = math.prod(map(len, (grid.shrinkages, grid.neighbours, grid.decays)))
    return fitting, settings, score


_PROBES: Mapping[str, Callable[[Histories, int, Grid], Probe]] = {
    POPULARITY: _popularity,
    "ease": _ease,
    "decayed-ease": _ease,
    "item-knn": _item_knn,
}


def _seconds_of_an_answer(score: Score, parts: Split, ids: NDArray[Any], length: int) -> float:
    users = np.random.default_rng(0).permutation(np.flatnonzero(parts.test >= 0))[:_PART]
    users, everything = np.sort(users), np.arange(len(ids))
    took = _seconds(
        lambda: answer_users(score, parts, "test", everything, ids, length=length, users=users)
    )
    return took / len(users)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin
