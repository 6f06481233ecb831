"""Ranks and metrics equal a plain loop, and those of ranx."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from towhee_recsys.evaluation.metrics import (
    CUTOFFS,
    best_columns,
    hit_rate,
    mrr,
    ndcg,
    rank_figures,
    rank_targets,
    summary,
)

N = 14


@st.composite
def asked(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.int64], list[list[int]]]:
    """Scores with many ties, a target a user, and what each has seen (the target perhaps too)."""
    users = draw(st.integers(1, 5))
    row = st.lists(st.integers(-2, 2), min_size=N, max_size=N)
    scores = np.array(draw(st.lists(row, min_size=users, max_size=users)), np.float32)
    targets = np.array(draw(st.lists(st.integers(0, N - 1), min_size=users, max_size=users)))
    seen = [draw(st.lists(st.integers(0, N - 1), unique=True)) for _ in range(users)]
    return scores, targets, seen


def _naive_rank(scores: list[float], target: int, seen: list[int]) -> int:
    left = [i for i in range(len(scores)) if i == target or i not in seen]
    return 1 + sorted(left, key=lambda i: (-scores[i], i)).index(target)


def _ranks(
    scores: NDArray[np.float32], targets: NDArray[np.int64], seen: list[list[int]]
) -> NDArray[np.int64]:
    return rank_targets(scores.copy(), targets, [np.array(s, np.int32) for s in seen])


@given(asked())
def test_ranks_equal_a_plain_sort(
    case: tuple[NDArray[np.float32], NDArray[np.int64], list[list[int]]],
) -> None:
    scores, targets, seen = case
    expected = [
        _naive_rank(scores[u].tolist(), int(targets[u]), seen[u]) for u in range(len(scores))
    ]
    assert _ranks(scores, targets, seen).tolist() == expected


def test_metrics_equal_those_of_ranx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # which takes longer than what it speeds up
    ranx = pytest.importorskip("ranx")
    rng = np.random.default_rng(0)
    users, items = range(300), range(40)
    # Without ties, which ranx breaks in its own way.
    scores = rng.permuted(np.tile(np.arange(40, dtype=np.float32), (300, 1)), axis=1)
    targets = rng.integers(40, size=300)
    seen = [rng.permutation(40)[: rng.integers(30)].tolist() for _ in users]
    truth = ranx.Qrels({f"u{u}": {f"i{targets[u]}": 1} for u in users})
    answers = {
        f"u{u}": {
            f"i{i}": float(scores[u, i]) for i in items if i == targets[u] or i not in seen[u]
        }
        for u in users
    }
    names = {f"hr@{k}": f"hit_rate@{k}" for k in CUTOFFS} | {"mrr": "mrr"}
    names |= {f"ndcg@{k}": f"ndcg@{k}" for k in CUTOFFS}
    recall = {f"hr@{k}": f"recall@{k}" for k in CUTOFFS}
    expected = ranx.evaluate(truth, ranx.Run(answers), [*names.values(), *recall.values()])
    found = rank_figures(_ranks(scores, targets, seen))
    assert 0.1 < found["hr@10"] < 0.9
    assert found == pytest.approx({ours: expected[name] for ours, name in names.items()}, abs=1e-9)
    for ours, name in recall.items():  # one target a user
        assert found[ours] == pytest.approx(expected[name], abs=1e-9)


def test_equal_scores_are_ordered_by_id() -> None:
    scores = np.zeros((3, 5), np.float32)
    targets = np.array([0, 2, 4])
    assert _ranks(scores, targets, [[], [], []]).tolist() == [1, 3, 5]
    assert _ranks(scores, targets, [[], [0], [0, 1, 2, 3]]).tolist() == [1, 2, 1]


def test_target_is_never_left_out() -> None:
    scores = np.array([[3, 2, 1]], np.float32)
    assert _ranks(scores, np.array([2]), [[0, 1, 2]]).tolist() == [1]
    assert _ranks(scores, np.array([2]), [[2]]).tolist() == [3]


@pytest.mark.parametrize("broken", [np.nan, -np.inf])
def test_nan_scores_never_win(broken: float) -> None:
    ranks = _ranks(np.full((1, 20), broken, np.float32), np.array([15]), [[0, 1]])
    assert ranks[0] > 10


@given(st.lists(st.integers(1, 30), min_size=1), st.integers(1, 20))
def test_metrics_equal_their_definitions(ranks: list[int], k: int) -> None:
    array = np.array(ranks)
    assert hit_rate(array, k) == pytest.approx(sum(r <= k for r in ranks) / len(ranks))
    gains = [1 / math.log2(r + 1) if r <= k else 0.0 for r in ranks]
    assert ndcg(array, k) == pytest.approx(sum(gains) / len(ranks))
    assert mrr(array) == pytest.approx(sum(1 / r for r in ranks) / len(ranks))
    figures = rank_figures(array)
    assert figures.keys() == {f"{name}@{n}" for name in ("hr", "ndcg") for n in CUTOFFS} | {"mrr"}
    assert summary(array).items() <= figures.items()


@given(
    st.lists(st.sampled_from([-np.inf, np.nan, -1.0, 0.0, 0.5, 2.0, np.inf]), max_size=20),
    st.integers(1, 12),
)
def test_best_columns_equal_a_plain_sort(scores: list[float], k: int) -> None:
    numbers = [i for i, score in enumerate(scores) if score > -np.inf]
    expected = sorted(numbers, key=lambda i: (-scores[i], i))[:k]
    assert best_columns(np.array(scores, np.float32), k).tolist() == expected
