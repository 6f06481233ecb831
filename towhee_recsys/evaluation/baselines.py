"""Fit the baselines that a model is compared with: popularity, iALS, EASE and decayed EASE.

Each is fitted to the training histories alone. Settings come from a small grid: those that rank
best for validation are kept, and evaluated on the test once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets import Histories
from towhee_recsys.errors import ConfigError
from towhee_recsys.evaluation.ease import check_size, ease_score, ease_weights, gram_matrix
from towhee_recsys.evaluation.ials import check_installed, ials_score
from towhee_recsys.evaluation.ranking import Score

POPULARITY = "popularity"
L2 = (100.0, 300.0, 1_000.0, 3_000.0)
DECAYS = (0.6, 0.7, 0.8, 0.9)
FACTORS = (64, 128)
REGULARIZATIONS = (1.0, 30.0)
ALPHAS = (1.0, 4.0)


@dataclass(frozen=True, eq=False)
class Baseline:
    """A fitted baseline: how it scores items, and its settings."""

    score: Score
    settings: dict[str, float]


def popular_score(counts: NDArray[np.int64]) -> Score:
    """Score each item by its number of interactions, for every user alike."""
    row = counts.astype(np.float32)

    def score(users: NDArray[np.int64], _: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        return np.tile(row, (len(users), 1))

    return score


def check_baselines(names: Sequence[str], items: int) -> None:
    """Check that these baselines are available, before any work is done.

    Raises:
        ConfigError: a name is unknown.
        TrainingError: a baseline needs a package that is not installed, or fewer items.
    """
    for name in names:
        if name not in BASELINES:
            raise ConfigError(f"there is no baseline '{name}'; give {', '.join(BASELINES)}")
    if "ials" in names:
        check_installed()
    if "ease" in names or "decayed-ease" in names:
        check_size(items)


def fit_baseline(
    name: str, train: Histories, items: int, quality: Callable[[Score], float]
) -> Baseline:
    """Fit a baseline with each of its settings, and return the one with the highest quality.

    Args:
        name: one of `BASELINES`.
        train: the histories to learn from.
        items: how many items there are, N.
        quality: how well a score ranks for validation.
    """
    best, highest = None, -np.inf
    for candidate in BASELINES[name](train, items):
        reached = quality(candidate.score) if candidate.settings else 0.0
        if reached > highest:
            best, highest = candidate, reached
    assert best is not None
    return best


def _popularity(train: Histories, items: int) -> Iterator[Baseline]:
    yield Baseline(popular_score(train.item_counts(items)), {})


def _ials(train: Histories, items: int) -> Iterator[Baseline]:
    for factors, regularization, alpha in product(FACTORS, REGULARIZATIONS, ALPHAS):
        score = ials_score(
            train, items, factors=factors, regularization=regularization, alpha=alpha
        )
        yield Baseline(
            score, {"factors": factors, "regularization": regularization, "alpha": alpha}
        )


def _ease(train: Histories, items: int) -> Iterator[Baseline]:
    gram = gram_matrix(train, items)
    for l2 in L2:
        yield Baseline(ease_score(ease_weights(gram, l2)), {"l2": l2})


def _decayed_ease(train: Histories, items: int) -> Iterator[Baseline]:
    gram = gram_matrix(train, items)
    for l2 in L2:
        weights = ease_weights(gram, l2)
        for decay in DECAYS:
            yield Baseline(ease_score(weights, decay), {"l2": l2, "decay": decay})


BASELINES: Mapping[str, Callable[[Histories, int], Iterator[Baseline]]] = {
    POPULARITY: _popularity,
    "ials": _ials,
    "ease": _ease,
    "decayed-ease": _decayed_ease,
}
"""By name: a function that fits a baseline once with each of its settings."""
