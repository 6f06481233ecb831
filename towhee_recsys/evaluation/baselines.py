"""Fit the baselines that a model is compared with: popularity, iALS, EASE and item-kNN.

Each is fitted to the training histories alone. Settings come from a small grid: those that rank
best for validation are kept, and evaluated on the test once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle.comparison import POPULARITY
from towhee_recsys.datasets import Histories
from towhee_recsys.errors import ConfigError
from towhee_recsys.evaluation.ease import check_size, ease_score, ease_weights, gram_matrix
from towhee_recsys.evaluation.ials import check_installed, ials_score
from towhee_recsys.evaluation.item_knn import first_neighbours, item_neighbours, knn_score
from towhee_recsys.evaluation.ranking import Score

EASE_ITEMS = 10_000
"""Items up to which EASE is always measured, which takes a minute or two there. With more, item-kNN
is in its place: its time does not grow with the cube of the items."""
_QUICK_ITEMS = 5_000
"""Items up to which each setting of EASE takes a second or two."""
FACTORS = (64, 128)
REGULARIZATIONS = (1.0, 30.0)
ALPHAS = (1.0, 4.0)


@dataclass(frozen=True)
class Grid:
    """The settings that EASE and item-kNN are tried with."""

    l2: tuple[float, ...] = (100.0, 300.0, 1_000.0, 3_000.0)
    """Of EASE. Each needs a matrix of items by items to be inverted."""
    neighbours: tuple[int, ...] = (20, 100)
    shrinkages: tuple[float, ...] = (10.0, 100.0)
    decays: tuple[float, ...] = (0.6, 0.7, 0.8, 0.9, 1.0)
    """How much less an interaction counts than the one after it; see `matrices.decayed_items`."""

    @classmethod
    def of(cls, items: int, ordered: bool, *, quick: bool = False) -> Grid:
        """The grid for a data set.

        Args:
            items: how many items there are.
            ordered: whether the order within histories is known. If not, a decay has no meaning.
            quick: with many items, try fewer values of l2. EASE loses little by that: it varies
                slowly with l2.
        """
        grid = cls()
        if quick and items > _QUICK_ITEMS:
            grid = replace(grid, l2=(100.0, 1_000.0))
        return grid if ordered else replace(grid, decays=(1.0,))


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


def standard_baselines(items: int, ordered: bool) -> list[str]:
    """The names of the baselines that every model is compared with.

    Args:
        items: how many items there are.
        ordered: whether the order within histories is known.
    """
    if items > EASE_ITEMS:
        return [POPULARITY, "item-knn"]
    return [POPULARITY, "decayed-ease" if ordered else "ease"]


def fit_baseline(
    name: str,
    train: Histories,
    items: int,
    quality: Callable[[Score], float],
    grid: Grid | None = None,
) -> Baseline:
    """Fit a baseline with each of its settings, and return the first with the highest quality.

    Args:
        name: one of `BASELINES`.
        train: the histories to learn from.
        items: how many items there are, N.
        quality: how well a score ranks for validation.
        grid: the settings to try; by default all, with decays.
    """
    best, highest = None, 0.0
    for candidate in BASELINES[name](train, items, grid or Grid()):
        reached = quality(candidate.score) if candidate.settings else 0.0
        if best is None or reached > highest:
            best, highest = candidate, reached
    assert best is not None
    return best


def _popularity(train: Histories, items: int, _: Grid) -> Iterator[Baseline]:
    yield Baseline(popular_score(train.item_counts(items)), {})


def _ials(train: Histories, items: int, _: Grid) -> Iterator[Baseline]:
    for factors, regularization, alpha in product(FACTORS, REGULARIZATIONS, ALPHAS):
        score = ials_score(
            train, items, factors=factors, regularization=regularization, alpha=alpha
        )
        yield Baseline(
            score, {"factors": factors, "regularization": regularization, "alpha": alpha}
        )


def _ease(train: Histories, items: int, grid: Grid) -> Iterator[Baseline]:
    gram = gram_matrix(train, items)
    for l2 in grid.l2:
        yield Baseline(ease_score(ease_weights(gram, l2)), {"l2": l2})


def _decayed_ease(train: Histories, items: int, grid: Grid) -> Iterator[Baseline]:
    gram = gram_matrix(train, items)
    for l2 in grid.l2:
        weights = ease_weights(gram, l2)
        for decay in grid.decays:
            yield Baseline(ease_score(weights, decay), {"l2": l2, "decay": decay})


def _item_knn(train: Histories, items: int, grid: Grid) -> Iterator[Baseline]:
    similar = item_neighbours(train, items, max(grid.neighbours), grid.shrinkages)
    for shrinkage, most in zip(grid.shrinkages, similar, strict=True):
        for neighbours in grid.neighbours:
            nearest = first_neighbours(most, neighbours)
            for decay in grid.decays:
                yield Baseline(
                    knn_score(nearest, decay),
                    {"neighbours": neighbours, "shrinkage": shrinkage, "decay": decay},
                )


BASELINES: Mapping[str, Callable[[Histories, int, Grid], Iterator[Baseline]]] = {
    POPULARITY: _popularity,
    "ials": _ials,
    "ease": _ease,
    "decayed-ease": _decayed_ease,
    "item-knn": _item_knn,
}
"""By name: a function that fits a baseline once with each of its settings."""
