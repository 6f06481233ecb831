"""Item-kNN equals a plain loop over all pairs of items."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from towhee_recsys.datasets import Histories
from towhee_recsys.evaluation.item_knn import first_neighbours, item_neighbours, knn_score

ITEMS = 7

pasts_of_users = st.lists(
    st.lists(st.integers(0, ITEMS - 1), unique=True, max_size=ITEMS), min_size=1, max_size=9
)


def _histories(pasts: list[list[int]]) -> Histories:
    ends = np.cumsum([0, *map(len, pasts)])
    return Histories(ends, np.array([item for past in pasts for item in past], np.int32))


def _naive(pasts: list[list[int]], k: int, shrinkage: float) -> list[dict[int, float]]:
    """Each item's neighbours, best first."""
    users = [{u for u, past in enumerate(pasts) if item in past} for item in range(ITEMS)]
    found = []
    for i in range(ITEMS):
        similar = {
            j: len(users[i] & users[j]) / (math.sqrt(len(users[i]) * len(users[j])) + shrinkage)
            for j in range(ITEMS)
            if j != i and users[i] & users[j]
        }
        ordered = sorted(similar, key=lambda j: (-round(similar[j], 6), j))
        found.append({j: similar[j] for j in ordered[:k]})
    return found


@given(pasts_of_users, st.integers(1, ITEMS), st.sampled_from([0.0, 0.5, 10.0]))
@settings(max_examples=60)
def test_neighbours_equal_a_plain_loop(pasts: list[list[int]], k: int, shrinkage: float) -> None:
    [found] = item_neighbours(_histories(pasts), ITEMS, k, [shrinkage])
    assert found.shape == (ITEMS, ITEMS)
    assert found.dtype == np.float32
    for i, expected in enumerate(_naive(pasts, k, shrinkage)):
        part = slice(found.indptr[i], found.indptr[i + 1])
        assert found.indices[part].tolist() == list(expected)
        np.testing.assert_allclose(found.data[part], list(expected.values()), rtol=1e-6)


@given(pasts_of_users, st.integers(1, ITEMS))
@settings(max_examples=30)
def test_fewer_neighbours_are_the_first_ones(pasts: list[list[int]], k: int) -> None:
    [most] = item_neighbours(_histories(pasts), ITEMS, ITEMS, [10.0])
    [few] = item_neighbours(_histories(pasts), ITEMS, k, [10.0])
    found = first_neighbours(most, k)
    assert found.indices.tolist() == few.indices.tolist()
    assert found.data.tolist() == few.data.tolist()
    assert found.indptr.tolist() == few.indptr.tolist()


@given(pasts_of_users, st.floats(0.1, 1.0))
@settings(max_examples=30)
def test_scores_are_sums_over_the_history(pasts: list[list[int]], decay: float) -> None:
    [similar] = item_neighbours(_histories(pasts), ITEMS, 3, [1.0])
    score = knn_score(similar, decay)
    found = score(np.arange(len(pasts)), [np.array(past, np.int32) for past in pasts])
    assert found.dtype == np.float32
    neighbours = _naive(pasts, 3, 1.0)
    for row, past in zip(found, pasts, strict=True):
        expected = np.zeros(ITEMS)
        for age, item in enumerate(reversed(past)):
            for other, value in neighbours[item].items():
                expected[other] += decay**age * value
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_several_blocks_give_what_one_would() -> None:
    items, rng = 3_000, np.random.default_rng(0)
    pasts = [rng.choice(items, 40, replace=False).tolist() for _ in range(2_500)]
    histories = _histories(pasts)
    x = np.zeros((len(pasts), items), np.float32)
    x[np.repeat(np.arange(len(pasts)), 40), histories.items] = 1
    counts = x.sum(axis=0)
    expected = (x.T @ x) / (np.sqrt(np.outer(counts, counts)) + 10)
    np.fill_diagonal(expected, 0)
    low, high = item_neighbours(histories, items, 5, [10.0, 100.0])
    best = -np.sort(-expected, axis=1)[:, :5]
    np.testing.assert_allclose(low.data.reshape(items, 5), best, rtol=1e-5)
    assert (high.data < low.data).all()
    rows = np.array([7, 2_999])
    [some] = item_neighbours(histories, items, 5, [10.0], rows)
    np.testing.assert_array_equal(some.toarray(), low[rows].toarray())
