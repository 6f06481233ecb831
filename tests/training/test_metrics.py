"""Ranks and figures equal a plain loop, and those of ranx."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from towhee_recsys.training.metrics import hit_rate, ndcg, rank_targets, summary

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


@given(asked())
def test_figures_equal_those_of_ranx(
    case: tuple[NDArray[np.float32], NDArray[np.int64], list[list[int]]],
) -> None:
    ranx = pytest.importorskip("ranx")
    scores, targets, seen = case
    users = range(len(scores))
    # Without ties, which ranx breaks in its own way: equal scores fall a little by position.
    scores = scores - np.arange(N, dtype=np.float32) / 100
    truth = ranx.Qrels({f"u{u}": {f"i{targets[u]}": 1} for u in users})
    run = ranx.Run(
        {
            f"u{u}": {
                f"i{i}": float(scores[u, i])
                for i in range(N)
                if i == targets[u] or i not in seen[u]
            }
            for u in users
        }
    )
    expected = ranx.evaluate(truth, run, ["hit_rate@10", "ndcg@10"])
    found = summary(_ranks(scores, targets, seen))
    assert found["hr@10"] == pytest.approx(expected["hit_rate@10"], abs=1e-9)
    assert found["ndcg@10"] == pytest.approx(expected["ndcg@10"], abs=1e-9)


def test_equal_scores_never_help_beyond_the_order_of_ids() -> None:
    scores = np.zeros((3, 5), np.float32)
    targets = np.array([0, 2, 4])
    assert _ranks(scores, targets, [[], [], []]).tolist() == [1, 3, 5]
    assert _ranks(scores, targets, [[], [0], [0, 1, 2, 3]]).tolist() == [1, 2, 1]


def test_the_target_is_never_left_out() -> None:
    scores = np.array([[3, 2, 1]], np.float32)
    assert _ranks(scores, np.array([2]), [[0, 1, 2]]).tolist() == [1]
    assert _ranks(scores, np.array([2]), [[2]]).tolist() == [3]


@pytest.mark.parametrize("broken", [np.nan, -np.inf])
def test_scores_that_are_no_numbers_never_win(broken: float) -> None:
    ranks = _ranks(np.full((1, 20), broken, np.float32), np.array([15]), [[0, 1]])
    assert ranks[0] > 10


@given(st.lists(st.integers(1, 30), min_size=1), st.integers(1, 20))
def test_figures_equal_their_definitions(ranks: list[int], k: int) -> None:
    array = np.array(ranks)
    assert hit_rate(array, k) == pytest.approx(sum(r <= k for r in ranks) / len(ranks))
    gains = [1 / math.log2(r + 1) if r <= k else 0.0 for r in ranks]
    assert ndcg(array, k) == pytest.approx(sum(gains) / len(ranks))
