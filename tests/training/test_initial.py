"""Items of the same histories start near each other."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys.datasets import Histories
from towhee_recsys.training.initial import STD, _cooccurrence, initial_vectors


def _histories(lists: list[list[int]]) -> Histories:
    offsets = np.concatenate([[0], np.cumsum([len(h) for h in lists])]).astype(np.int64)
    return Histories(offsets, np.array([i for h in lists for i in h], np.int32))


def _two_groups() -> Histories:
    """Half of the users have items 0 to 9, the others 10 to 19; nobody has 20 to 22."""
    rng = np.random.default_rng(0)
    return _histories([(rng.permutation(10)[:6] + 10 * (u % 2)).tolist() for u in range(60)])


def test_items_of_a_group_are_close() -> None:
    vectors = initial_vectors(_two_groups(), 23, 4, np.random.default_rng(1))
    assert vectors.shape == (23, 4)
    assert vectors.dtype == np.float32
    assert vectors[:20].std() == pytest.approx(STD, rel=1e-4)
    unit = vectors[:20] / np.linalg.norm(vectors[:20], axis=1, keepdims=True)
    cosine = unit @ unit.T
    group = np.arange(20) // 10
    same = group[:, None] == group[None, :]
    assert cosine[same].min() > cosine[~same].max()


def test_items_without_interactions_start_at_zero() -> None:
    vectors = initial_vectors(_two_groups(), 23, 4, np.random.default_rng(1))
    assert not vectors[20:].any()
    assert vectors[:20].any(axis=1).all()


def test_small_catalogue_is_padded_with_zeros() -> None:
    vectors = initial_vectors(_histories([[0, 1, 2], [2, 1]]), 3, 64, np.random.default_rng(1))
    assert vectors.shape == (3, 64)
    assert np.isfinite(vectors).all()
    assert vectors[:, :3].any()
    assert not vectors[:, 3:].any()


@pytest.mark.parametrize("lists", [[[0], [1], []], [[], []]])
def test_histories_of_one_item_start_at_zero(lists: list[list[int]]) -> None:
    assert not initial_vectors(_histories(lists), 2, 8, np.random.default_rng(1)).any()


def test_cooccurrence_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(2)
    lists = [rng.permutation(40)[: rng.integers(0, 40)].tolist() for _ in range(6)]
    expected = np.zeros((40, 40))
    for history in lists:
        for i, left in enumerate(history):
            for lag, right in enumerate(history[i + 1 : i + 21], 1):
                expected[left, right] += np.exp(-(lag - 1) / 5)
                expected[right, left] += np.exp(-(lag - 1) / 5)
    np.testing.assert_allclose(_cooccurrence(_histories(lists), 40).toarray(), expected)


def test_same_generator_gives_the_same_vectors() -> None:
    one, other = (initial_vectors(_two_groups(), 23, 4, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
