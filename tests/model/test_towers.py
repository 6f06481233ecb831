"""The user tower reads the past alone: nothing from later items or from other users."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from towhee_recsys.datasets import Schema
from towhee_recsys.features import FIRST, UNKNOWN, TableFeatures, pad_histories
from towhee_recsys.model import ModelConfig, TwoTowers
from towhee_recsys.model.backend import functional, paddle
from towhee_recsys.model.numpy_tower import NumpyTower

ITEMS, SIZE = 10, 16
CONFIG = ModelConfig(
    embedding_size=SIZE, members=1, heads=4, hidden_size=24, max_history=7, blocks=2
)
USERS = TableFeatures.fit(
    Schema.model_validate({"users": {"age": "number", "land": "categorical"}}).users,
    [{"age": 20, "land": "CH"}, {"age": 40, "land": "NO"}],
)
ITEM_FEATURES = TableFeatures.fit(
    Schema.model_validate({"items": {"tags": "multi_categorical"}}).items,
    [{"tags": ["a", "b"]}, {"tags": []}],
)
RECORDS: list[dict[str, Any]] = [
    {"age": 20, "land": "CH"},
    {"age": 33},
    {},
    {"age": 40, "land": "NO"},
]
HISTORIES = [[1, 2, 3, 4, 5], [6], [], [1, 2, 3, 4, 5, 6, 7, 8, 9]]


@pytest.fixture(scope="module")
def model() -> TwoTowers:
    return _model(CONFIG)


def _model(config: ModelConfig) -> TwoTowers:
    paddle.seed(5)
    towers = TwoTowers(ITEMS, USERS, ITEM_FEATURES, config)
    rng = np.random.default_rng(5)
    with paddle.no_grad():
        for parameter in towers.parameters():  # away from the zeros that some start with
            noise = rng.normal(0, 0.1, parameter.shape).astype(np.float32)
            parameter.set_value(parameter + paddle.to_tensor(noise))
    return towers


def _items(model: TwoTowers) -> paddle.Tensor:
    tags = ITEM_FEATURES.transform([{"tags": ["a"] if i % 2 else ["b", "c"]} for i in range(ITEMS)])
    return model.item(paddle.to_tensor(np.arange(ITEMS) + FIRST), tags)


def _inputs(
    histories: list[list[int]],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Padded codes, and each row's last position."""
    rows = [np.array(h, np.int32) for h in histories]
    codes, lengths = pad_histories(rows, ITEMS, CONFIG.max_history)
    return codes, lengths.astype(np.int64) - 1


def _everywhere(
    model: TwoTowers, histories: list[list[int]], records: list[dict[str, Any]]
) -> NDArray[Any]:
    """The vectors of all positions."""
    codes, _ = _inputs(histories)
    history = functional.embedding(paddle.to_tensor(codes), model.table(_items(model)))
    vectors: NDArray[Any] = model.user(history, USERS.transform(records)).numpy()
    return vectors


def _last(
    model: TwoTowers, histories: list[list[int]], records: list[dict[str, Any]]
) -> NDArray[Any]:
    """The vectors of last positions."""
    _, last = _inputs(histories)
    return _everywhere(model, histories, records)[np.arange(len(last)), last]


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_numpy_equals_paddle_at_the_last_position(blocks: int) -> None:
    model = _model(CONFIG.model_copy(update={"blocks": blocks}))
    tower = NumpyTower(model.user, CONFIG.max_history + 1)
    table = model.table(_items(model)).numpy()
    for some in (slice(None), slice(1), slice(1, 3)):
        codes, last = _inputs(HISTORIES[some])
        found = tower(table[codes], USERS.transform(RECORDS[some]), last)
        assert found.dtype == np.float32
        expected = _last(model, HISTORIES[some], RECORDS[some])
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_numpy_equals_paddle_on_long_histories() -> None:
    longest = 130  # several runs of rows, the last one cut short
    model = _model(CONFIG.model_copy(update={"max_history": longest}))
    table = model.table(_items(model)).numpy()
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, ITEMS, n).astype(np.int32) for n in (longest, 99, 50, 49, 0)]
    codes, lengths = pad_histories(rows, ITEMS, longest)
    records = USERS.transform([{}] * len(rows))
    last = lengths.astype(np.int64) - 1
    everywhere = model.user(paddle.to_tensor(table[codes]), records).numpy()
    found = NumpyTower(model.user, longest + 1)(table[codes], records, last)
    expected = everywhere[np.arange(len(last)), last]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_numpy_does_not_warn_about_large_numbers(model: TwoTowers) -> None:
    tower = NumpyTower(model.user, CONFIG.max_history + 1)
    table = 1e20 * model.table(_items(model)).numpy()
    codes, last = _inputs(HISTORIES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(tower(table[codes] * 1e-18, USERS.transform(RECORDS), last)).all()


def test_later_items_do_not_change_earlier_positions(model: TwoTowers) -> None:
    one = _everywhere(model, [[1, 2, 3, 4, 5]], RECORDS[:1])
    other = _everywhere(model, [[1, 2, 3, 9, 8]], RECORDS[:1])
    np.testing.assert_array_equal(one[0, :4], other[0, :4])  # the start and three items
    assert (np.abs(one[0, 4:] - other[0, 4:]).max(axis=1) > 1e-3).all()


def test_padding_does_not_change_a_user(model: TwoTowers) -> None:
    together = _last(model, HISTORIES, RECORDS)
    for row, (history, record) in enumerate(zip(HISTORIES, RECORDS, strict=True)):
        alone = _last(model, [history], [record])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


def test_order_items_and_record_change_the_vector(model: TwoTowers) -> None:
    histories = [[1, 2, 3], [3, 2, 1], [1, 2, 4], [1, 2, 3]]
    records = [RECORDS[0], RECORDS[0], RECORDS[0], RECORDS[3]]
    vectors = _last(model, histories, records)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2) + np.eye(4)
    assert apart.min() > 1e-2


def test_unknown_items_differ_only_by_features(model: TwoTowers) -> None:
    codes = paddle.to_tensor(np.array([UNKNOWN, UNKNOWN, UNKNOWN, FIRST]))
    tags = ITEM_FEATURES.transform([{"tags": t} for t in (["a"], ["a"], ["b"], ["a"])])
    vectors = model.item(codes, tags).numpy()
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-3
    assert np.abs(vectors[0] - vectors[3]).max() > 1e-3


def test_features_start_at_zero() -> None:
    fresh = TwoTowers(ITEMS, USERS, ITEM_FEATURES, CONFIG)
    codes = paddle.to_tensor(np.array([FIRST, FIRST, UNKNOWN]))
    tags = ITEM_FEATURES.transform([{"tags": ["a"]}, {"tags": ["b"]}, {"tags": ["a"]}])
    vectors = fresh.item(codes, tags).numpy()
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert vectors[0].any()
    assert not vectors[2].any()
