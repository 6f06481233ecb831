"""Baselines equal their formulas, and find an obvious pattern."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from towhee_recsys.datasets import Histories
from towhee_recsys.errors import ConfigError, TrainingError
from towhee_recsys.evaluation.baselines import (
    BASELINES,
    EASE_ITEMS,
    Grid,
    check_baselines,
    fit_baseline,
    popular_score,
    standard_baselines,
)
from towhee_recsys.evaluation.ease import ease_score, ease_weights, gram_matrix
from towhee_recsys.evaluation.ials import ials_score
from towhee_recsys.evaluation.ranking import Score

ITEMS = 6


def _histories(pasts: list[list[int]]) -> Histories:
    ends = np.cumsum([0, *map(len, pasts)])
    return Histories(ends, np.array([item for past in pasts for item in past], np.int32))


def _scores(score: Score, pasts: list[list[int]]) -> np.ndarray:
    found = score(np.arange(len(pasts)), [np.array(past, np.int32) for past in pasts])
    assert found.dtype == np.float32
    return found


histories = st.lists(
    st.lists(st.integers(0, ITEMS - 1), unique=True, max_size=ITEMS), min_size=1, max_size=9
)


@pytest.fixture
def two_circles() -> Histories:
    """Two groups of ten users: each has two of items 0, 1, 2, or of 3, 4, 5."""
    pairs = [[0, 1], [1, 2], [0, 2]]
    return _histories([pairs[i % 3] for i in range(10)] + [[3 + a for a in pairs[i % 3]]
                                                           for i in range(10)])  # fmt: skip


@given(histories, st.floats(0.5, 50))
@settings(max_examples=30)
def test_ease_solves_its_least_squares(pasts: list[list[int]], l2: float) -> None:
    x = np.array([[item in past for item in range(ITEMS)] for past in pasts], float)
    gram = gram_matrix(_histories(pasts), ITEMS)
    np.testing.assert_array_equal(gram, x.T @ x)
    weights = ease_weights(gram, l2)
    for j in range(ITEMS):
        others = np.delete(np.arange(ITEMS), j)
        a = x[:, others]
        expected = np.linalg.solve(a.T @ a + l2 * np.eye(ITEMS - 1), a.T @ x[:, j])
        np.testing.assert_allclose(weights[others, j], expected, atol=1e-4)
        assert weights[j, j] == 0


@given(histories, st.floats(0.1, 1.0))
@settings(max_examples=30)
def test_old_interactions_count_less(pasts: list[list[int]], decay: float) -> None:
    weights = np.random.default_rng(0).normal(size=(ITEMS, ITEMS)).astype(np.float32)
    found = _scores(ease_score(weights, decay), pasts)
    for row, past in zip(found, pasts, strict=True):
        expected = np.zeros(ITEMS)
        for age, item in enumerate(reversed(past)):
            expected += decay**age * weights[item]
        np.testing.assert_allclose(row, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["ials", "ease", "decayed-ease", "item-knn"])
def test_users_get_the_items_of_their_circle(name: str, two_circles: Histories) -> None:
    if name == "ials":
        pytest.importorskip("implicit")
    baseline = fit_baseline(name, two_circles, ITEMS, lambda _: 0.5)
    first, second = _scores(baseline.score, [[0, 1], [3]])
    assert first[2] > first[3:].max() + 0.02
    assert min(second[4], second[5]) > second[:3].max() + 0.02


def test_user_factors_solve_the_least_squares_of_the_history(
    two_circles: Histories,
) -> None:
    als = pytest.importorskip("implicit.cpu.als")
    model: list[Any] = []
    fit = als.AlternatingLeastSquares.fit

    def remember(self: Any, *args: Any, **kwargs: Any) -> None:
        model.append(self)
        fit(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(als.AlternatingLeastSquares, "fit", remember)
        score = ials_score(two_circles, ITEMS, factors=3, regularization=0.5, alpha=4.0)
    y = model[0].item_factors.astype(float)
    for past in ([0], [1, 4], [5, 3, 0], []):
        likes = np.isin(np.arange(ITEMS), past)
        weight = np.diag(np.where(likes, 4.0, 1.0))
        user = np.linalg.solve(y.T @ weight @ y + 0.5 * np.eye(3), y.T @ (weight @ likes))
        np.testing.assert_allclose(_scores(score, [past])[0], y @ user, atol=1e-4)


def test_popularity_is_the_same_for_all_users(two_circles: Histories) -> None:
    counts = _histories([[0, 2], [2], []]).item_counts(4)
    assert counts.tolist() == [1, 0, 2, 0]
    assert _scores(popular_score(counts), [[], [3]]).tolist() == [[1, 0, 2, 0]] * 2


def test_settings_with_the_highest_quality_are_chosen(two_circles: Histories) -> None:
    seen: list[float] = []

    def third_is_best(_: Score) -> float:
        seen.append(0.0)
        return {3: 0.9}.get(len(seen), 0.1)

    chosen = fit_baseline("decayed-ease", two_circles, ITEMS, third_is_best)
    grid = [
        candidate.settings for candidate in BASELINES["decayed-ease"](two_circles, ITEMS, Grid())
    ]
    assert len(seen) == len(grid) > 3
    assert chosen.settings == grid[2]


@pytest.mark.parametrize("name", ["decayed-ease", "item-knn"])
def test_without_an_order_nothing_decays(name: str, two_circles: Histories) -> None:
    grid = Grid.of(ITEMS, ordered=False)
    decays = {one.settings["decay"] for one in BASELINES[name](two_circles, ITEMS, grid)}
    assert decays == {1.0}
    assert len(Grid.of(ITEMS, ordered=True).decays) > 1


def test_fewer_matrices_of_many_items_are_inverted() -> None:
    assert Grid.of(300, True, quick=True) == Grid.of(300, True) == Grid()
    assert Grid.of(EASE_ITEMS, True) == Grid()
    assert len(Grid.of(EASE_ITEMS, True, quick=True).l2) < len(Grid().l2)


def test_ease_is_always_measured_up_to_10000_items_and_item_knn_above() -> None:
    assert standard_baselines(10_000, ordered=True) == ["popularity", "decayed-ease"]
    assert standard_baselines(10_000, ordered=False) == ["popularity", "ease"]
    assert standard_baselines(10_001, ordered=True) == ["popularity", "item-knn"]
    assert standard_baselines(10_001, ordered=False) == ["popularity", "item-knn"]
    for items in (10_000, 10_001):
        check_baselines(standard_baselines(items, ordered=True), items)


def test_unavailable_baselines_are_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    check_baselines(["popularity", "ease"], 20_000)
    with pytest.raises(ConfigError, match="there is no baseline 'slim'; give popularity, ials"):
        check_baselines(["slim"], 5)
    for name in ("ease", "decayed-ease"):
        with pytest.raises(TrainingError, match="up to 20,000"):
            check_baselines([name], 20_001)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "implicit", raising=False)
    monkeypatch.setattr(sys, "path_importer_cache", {})
    monkeypatch.setattr(sys, "meta_path", [])
    with pytest.raises(TrainingError, match=r"pip install towhee_recsys\[bench\]"):
        check_baselines(["ials"], 20_001)
