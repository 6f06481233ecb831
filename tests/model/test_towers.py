"""The user tower reads the past alone: nothing from the future, nothing from its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from towhee_recsys.datasets import Schema
from towhee_recsys.features import FIRST, UNKNOWN, TableFeatures, pad_histories
from towhee_recsys.model import ModelConfig, TwoTowers
from towhee_recsys.model.backend import functional, paddle

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
    paddle.seed(5)
    towers = TwoTowers(ITEMS, USERS, ITEM_FEATURES, CONFIG)
    rng = np.random.default_rng(5)
    with paddle.no_grad():
        for parameter in towers.parameters():  # away from the zeros that some start with
            noise = rng.normal(0, 0.1, parameter.shape).astype(np.float32)
            parameter.set_value(parameter + paddle.to_tensor(noise))
    return towers


def _items(model: TwoTowers) -> paddle.Tensor:
    tags = ITEM_FEATURES.transform([{"tags": ["a"] if i % 2 else ["b", "c"]} for i in range(ITEMS)])
    return model.item(paddle.to_tensor(np.arange(ITEMS) + FIRST), tags)


def _forward(
    model: TwoTowers, histories: list[list[int]], records: list[dict[str, Any]], last: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    rows = [np.array(h, np.int32) for h in histories]
    codes, lengths = pad_histories(rows, ITEMS, CONFIG.max_history)
    history = functional.embedding(paddle.to_tensor(codes), model.table(_items(model)))
    only = lengths - 1 if last else None
    return model.user(history, USERS.transform(records), only).numpy(), lengths


def test_the_last_position_alone_equals_that_position_of_all(model: TwoTowers) -> None:
    everywhere, lengths = _forward(model, HISTORIES, RECORDS, last=False)
    alone, _ = _forward(model, HISTORIES, RECORDS, last=True)
    assert everywhere.shape == (4, CONFIG.max_history, SIZE)
    assert alone.shape == (4, SIZE)
    np.testing.assert_allclose(alone, everywhere[np.arange(4), lengths - 1], atol=1e-5)


def test_later_items_change_nothing_before_them(model: TwoTowers) -> None:
    one, _ = _forward(model, [[1, 2, 3, 4, 5]], RECORDS[:1], last=False)
    other, _ = _forward(model, [[1, 2, 3, 9, 8]], RECORDS[:1], last=False)
    np.testing.assert_array_equal(one[0, :4], other[0, :4])  # the start and three items
    assert (np.abs(one[0, 4:] - other[0, 4:]).max(axis=1) > 1e-3).all()


def test_a_user_alone_equals_the_same_among_longer_ones(model: TwoTowers) -> None:
    together, _ = _forward(model, HISTORIES, RECORDS, last=True)
    for row, (history, record) in enumerate(zip(HISTORIES, RECORDS, strict=True)):
        alone, _ = _forward(model, [history], [record], last=True)
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


def test_order_items_and_record_all_count(model: TwoTowers) -> None:
    histories = [[1, 2, 3], [3, 2, 1], [1, 2, 4], [1, 2, 3]]
    records = [RECORDS[0], RECORDS[0], RECORDS[0], RECORDS[3]]
    vectors, _ = _forward(model, histories, records, last=True)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2) + np.eye(4)
    assert apart.min() > 1e-2


def test_unknown_items_differ_by_their_features_alone(model: TwoTowers) -> None:
    codes = paddle.to_tensor(np.array([UNKNOWN, UNKNOWN, UNKNOWN, FIRST]))
    tags = ITEM_FEATURES.transform([{"tags": t} for t in (["a"], ["a"], ["b"], ["a"])])
    vectors = model.item(codes, tags).numpy()
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-3
    assert np.abs(vectors[0] - vectors[3]).max() > 1e-3


def test_features_start_at_nothing() -> None:
    fresh = TwoTowers(ITEMS, USERS, ITEM_FEATURES, CONFIG)
    codes = paddle.to_tensor(np.array([FIRST, FIRST, UNKNOWN]))
    tags = ITEM_FEATURES.transform([{"tags": ["a"]}, {"tags": ["b"]}, {"tags": ["a"]}])
    vectors = fresh.item(codes, tags).numpy()
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert vectors[0].any()
    assert not vectors[2].any()


def test_heads_must_divide_the_vector() -> None:
    with pytest.raises(ValidationError, match="heads=5 must divide embedding_size=256"):
        ModelConfig(heads=5)
