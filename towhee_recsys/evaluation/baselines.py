"""What a model has to beat: what is most popular, and linear models that are hard to beat.

Each is fitted to the training histories alone. Where it has settings, they are those of a small
grid that rank best for validation; the test is asked once.
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
    """Something that ranks items, and the settings that it was fitted with."""

    score: Score
    settings: dict[str, float]


def popular_score(counts: NDArray[np.int64]) -> Score:
    """The same for everybody: how often each item was met."""
    row = counts.astype(np.float32)

    def score(users: NDArray[np.int64], _: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        return np.tile(row, (len(users), 1))

    return score


def check_baselines(names: Sequence[str], items: int) -> None:
    """Find out before any work is done whether these baselines can be had.

    Raises:
        ConfigError: one is unknown.
        TrainingError: one needs a package that is not installed, or fewer items.
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
    """Fit a baseline with each of its settings, and return the one of the highest quality.

    Args:
        name: one of `BASELINES`.
        train: what to learn from.
        items: all items, N.
        quality: how well it ranks for validation.
    """
    best, highest = None, -np.inf
    for candidate in BASELINES[name](train, items):
        found = quality(candidate.score) if candidate.settings else 0.0
        if found > highest:
            best, highest = candidate, found
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
"""By name: what fits a baseline, once with each of its settings."""
