"""The user tower for sets reads a history without regard to its order, in Paddle and in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from towhee_recsys.datasets.schema import Column
from towhee_recsys.features import TableFeatures
from towhee_recsys.model import ModelConfig
from towhee_recsys.model.backend import paddle
from towhee_recsys.model.numpy_set_tower import NumpySetTower
from towhee_recsys.model.set_tower import SetTower

SIZE, ITEMS = 16, 30
CONFIG = ModelConfig(
    embedding_size=SIZE, members=1, heads=4, hidden_size=24, max_history=7, blocks=2, ordered=False
)
FEATURES = TableFeatures.fit(
    {"country": Column(role="categorical")}, [{"country": "A"}, {"country": "B"}]
)
histories = st.lists(st.integers(0, ITEMS - 1), max_size=40, unique=True)


@pytest.fixture(scope="module")
def tower() -> SetTower:
    paddle.seed(3)
    made = SetTower(FEATURES, CONFIG)
    rng = np.random.default_rng(0)
    with paddle.no_grad():  # so that no scale is 1 and no shift is 0
        for weight in made.parameters():
            weight.set_value(
                weight + paddle.to_tensor(rng.normal(0, 0.3, weight.shape).astype("f4"))
            )
    return made


@pytest.fixture(scope="module")
def items() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(ITEMS, SIZE)).astype(np.float32)


@pytest.fixture(scope="module")
def numpy_tower(tower: SetTower, items: NDArray[np.float32]) -> NumpySetTower:
    return NumpySetTower(tower, items)


def _records(count: int) -> dict[str, NDArray[np.int32]]:
    return FEATURES.transform([{"country": "AB"[i % 2]} for i in range(count)])


def _vectors(tower: NumpySetTower, *rows: list[int]) -> NDArray[np.float32]:
    return tower([np.array(row, np.int32) for row in rows], _records(len(rows)))


@given(histories, st.randoms())
def test_a_permuted_history_gives_the_same_vector(
    numpy_tower: NumpySetTower, history: list[int], chance: object
) -> None:
    shuffled = history.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (_vectors(numpy_tower, row)[0] for row in (history, shuffled))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_an_item_that_is_there_twice_counts_once(numpy_tower: NumpySetTower) -> None:
    once, twice = _vectors(numpy_tower, [3, 5, 8], [3])[0], _vectors(numpy_tower, [3, 8, 3, 5])[0]
    np.testing.assert_allclose(once, twice, atol=1e-6)


def test_other_items_and_other_records_give_other_vectors(numpy_tower: NumpySetTower) -> None:
    one, record, item, nothing = _vectors(numpy_tower, [1, 2], [1, 2], [1, 3], [])
    assert np.abs(one - record).max() > 1e-2
    assert np.abs(one - item).max() > 1e-2
    assert np.abs(one - nothing).max() > 1e-2
    assert np.isfinite(nothing).all()


@given(st.lists(histories, min_size=1, max_size=4))
def test_each_position_is_the_user_without_its_item(
    tower: SetTower, numpy_tower: NumpySetTower, items: NDArray[np.float32], rows: list[list[int]]
) -> None:
    longest = max(map(len, rows)) + 1
    padded = np.zeros((len(rows), longest, SIZE), np.float32)
    context = np.zeros((len(rows), longest), np.float32)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = items[row]
        context[i, : len(row)] = 1
    with paddle.no_grad():
        found = tower(paddle.to_tensor(padded), _records(len(rows)), context).numpy()
    # Behind the last item nothing is left out.
    np.testing.assert_allclose(
        np.stack([found[i, len(row)] for i, row in enumerate(rows)]),
        _vectors(numpy_tower, *rows),
        atol=1e-4,
    )
    for i, row in enumerate(rows):
        for place in range(len(row)):
            others: list[list[int]] = [[]] * i + [row[:place] + row[place + 1 :]]
            np.testing.assert_allclose(
                found[i, place], _vectors(numpy_tower, *others)[i], atol=1e-4
            )


def test_an_item_outside_of_the_context_is_predicted_but_not_read(
    tower: SetTower, items: NDArray[np.float32]
) -> None:
    context = np.array([[1, 1, 0, 1]], np.float32)
    with paddle.no_grad():
        before = tower(paddle.to_tensor(items[None, [4, 5, 6, 7]]), _records(1), context).numpy()
        after = tower(paddle.to_tensor(items[None, [4, 5, 9, 7]]), _records(1), context).numpy()
    np.testing.assert_array_equal(before[0, [0, 1, 3]], after[0, [0, 1, 3]])
