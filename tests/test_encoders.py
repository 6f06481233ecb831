"""Encoders: forms of input, wrong input, batches and threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import towhee_recsys.encoders as encoders
import towhee_recsys.model.inference as inference
from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, train
from towhee_recsys.errors import DataError, RequestError
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import TrainingConfig

USERS: list[dict[str, Any]] = [
    {"user": {"gender": "F", "age": 25, "country": "Peru"}, "history": [1, 50, 260]},
    {"user": {"gender": "M", "age": 61}},
    {"history": [7, 8, 9, 10, 11, 12]},
    {},
    {"user": {"age": 44}, "history": list(range(1, 121))},
]


@pytest.fixture(scope="module")
def users(sample_bundle: Bundle) -> UserEncoder:
    return UserEncoder(sample_bundle)


@pytest.fixture(scope="module")
def items(sample_bundle: Bundle) -> ItemEncoder:
    return ItemEncoder(sample_bundle)


@pytest.fixture(scope="module")
def texts() -> Bundle:
    """A model with text ids."""
    met = pd.DataFrame([(u, f"t{(u + i) % 9}") for u in range(20) for i in range(5)])
    met.columns = pd.Index(["user_id", "item_id"])
    ids = pd.DataFrame({"item_id": [f"t{i}" for i in range(9)]})
    model = ModelConfig(embedding_size=16, heads=2, hidden_size=16, max_history=5, blocks=1)
    return train(Dataset.from_frames(met, ids), TrainingConfig(epochs=1), model)


def test_vectors_have_256_numbers(users: UserEncoder, items: ItemEncoder) -> None:
    for vectors in (users.encode(USERS), items.encode([{"item_id": i} for i in range(5)])):
        assert vectors.shape == (5, 256)
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()


def test_empty_list_gives_no_rows(users: UserEncoder, items: ItemEncoder) -> None:
    nothings: list[Any] = [[], (), pd.DataFrame()]
    for nothing in nothings:
        assert users.encode(nothing).shape == items.encode(nothing).shape == (0, 256)
        assert users.encode(nothing).dtype == items.encode(nothing).dtype == np.float32
        assert users.routes(nothing) == []


def test_one_dict_is_a_list_of_one(users: UserEncoder, items: ItemEncoder) -> None:
    np.testing.assert_array_equal(users.encode(USERS[0]), users.encode(USERS[:1]))
    np.testing.assert_array_equal(items.encode({"item_id": 7}), items.encode([{"item_id": 7}]))


def test_batch_equals_single_calls(
    users: UserEncoder, items: ItemEncoder, sample_dataset: Dataset
) -> None:
    alone = np.concatenate([users.encode(user) for user in USERS])
    np.testing.assert_allclose(users.encode(USERS), alone, atol=1e-5)
    records = sample_dataset.item_records()[:20]
    alone = np.concatenate([items.encode(record) for record in records])
    np.testing.assert_allclose(items.encode(records), alone, atol=1e-5)


def test_large_batches_keep_their_order(
    users: UserEncoder, items: ItemEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    many = [{"history": rng.permutation(300)[:n] + 1} for n in rng.integers(0, 70, 40)]
    records = [{"item_id": int(i), "title": f"The {i}"} for i in rng.permutation(400)]
    one_go = users.encode(many), items.encode(records)
    monkeypatch.setattr(inference, "POSITIONS_AT_ONCE", 100)
    monkeypatch.setattr(inference, "ITEMS_AT_ONCE", 7)
    np.testing.assert_allclose(users.encode(many), one_go[0], atol=1e-5)
    np.testing.assert_allclose(items.encode(records), one_go[1], atol=1e-5)


def test_rows_and_arrays_give_the_vectors_of_ids_and_records(
    users: UserEncoder, sample_bundle: Bundle, sample_dataset: Dataset
) -> None:
    past, ids = sample_dataset.histories, sample_dataset.items["item_id"].to_numpy()
    records = sample_dataset.user_records()
    rows = [past.of(user) for user in range(len(records))]
    assert min(map(len, rows)) < sample_bundle.config.max_history < max(map(len, rows))
    by_id = users.encode(
        [{"user": u, "history": ids[r].tolist()} for u, r in zip(records, rows, strict=True)]
    )
    arrays = sample_bundle.user_features.transform(records)
    np.testing.assert_array_equal(users.encode_rows(rows, arrays), by_id)


def test_record_and_history_both_matter(users: UserEncoder) -> None:
    record, history = USERS[0]["user"], USERS[0]["history"]
    vectors = users.encode(
        [
            {"user": record, "history": history},
            {"user": record},
            {"history": history},
            {},
            {"user": record, "history": history[::-1]},
        ]
    )
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2) + np.eye(5)
    assert apart.min() > 0.05


def test_missing_values_equal_absent_ones(users: UserEncoder) -> None:
    nothing = users.encode({})[0]
    users_like_it: list[dict[str, Any]] = [
        {"user": None, "history": None},
        {"user": {}, "history": []},
        {"user": {"gender": None, "age": float("nan"), "nonsense": 3}},
        {"user_id": 42, "top_k": 3},
        {"history": [10**9, None, -5]},
    ]
    for user in users_like_it:
        np.testing.assert_array_equal(users.encode(user)[0], nothing)


def test_unknown_items_are_skipped(users: UserEncoder) -> None:
    known = users.encode({"history": [1, 50, 260]})
    mixed = users.encode({"history": [10**9, 1, -1, 50, None, 260, 301]})
    np.testing.assert_array_equal(mixed, known)
    assert users.known([301, 2, 10**9, 1]).tolist() == [1, 0]


def test_only_the_latest_items_of_a_long_history_are_read(users: UserEncoder) -> None:
    limit = users.bundle.config.max_history
    long = list(range(1, limit + 40))
    whole = users.encode({"history": long})
    others = [*range(200, 200 + len(long) - limit), *long[-limit:]]
    np.testing.assert_array_equal(users.encode({"history": others}), whole)
    others[-limit] = 300  # the oldest item that is read
    assert np.abs(users.encode({"history": others}) - whole).max() > 1e-6


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series], ids=lambda k: k.__name__)
def test_history_can_be_any_sequence(users: UserEncoder, kind: Callable[..., Any]) -> None:
    np.testing.assert_array_equal(
        users.encode({"history": kind([1, 50])}), users.encode({"history": [1, 50]})
    )


@pytest.mark.parametrize("kind", [list, np.array, pd.Series], ids=lambda k: k.__name__)
def test_history_of_text_ids_can_be_any_sequence(texts: Bundle, kind: Callable[..., Any]) -> None:
    encoder = UserEncoder(texts)
    assert encoder.known(kind(["t3", "t99", "t1"])).tolist() == [3, 1]


def test_users_can_be_a_data_frame(users: UserEncoder) -> None:
    expected = users.encode(USERS)
    np.testing.assert_array_equal(users.encode(pd.DataFrame(USERS)), expected)
    flat = pd.DataFrame([{**u.get("user", {}), "history": u.get("history")} for u in USERS])
    np.testing.assert_array_equal(users.encode(flat), expected)
    flat["age"] = flat["age"].astype("Int64")  # with NA for missing values
    np.testing.assert_array_equal(users.encode(flat), expected)
    assert users.routes(flat) == users.routes(USERS)


def test_items_can_be_a_data_frame(items: ItemEncoder, sample_dataset: Dataset) -> None:
    expected = items.encode(sample_dataset.item_records())
    np.testing.assert_array_equal(items.encode(sample_dataset.items), expected)
    holed = sample_dataset.items.head(3).assign(year=pd.array([None, 1990, 2000], dtype="Int64"))
    records = sample_dataset.item_records()[:3]
    for record, year in zip(records, (None, 1990, 2000), strict=True):
        record["year"] = year
    np.testing.assert_array_equal(items.encode(holed), items.encode(records))


def test_data_frame_equals_its_rows_as_dicts() -> None:
    frame = pd.DataFrame(
        {
            "item_id": [1, 2],
            "title": ["One", None],
            "genres": [["Drama"], []],
            "year": pd.array([None, 1990], dtype="Int64"),
            "price": [0.5, np.nan],
            3: pd.to_datetime(pd.Series(["2020-01-01", None], index=[7, 7])),
        },
        index=[7, 7],
    )
    day = pd.Timestamp("2020-01-01")
    assert encoders.as_records(frame) == [
        {"item_id": 1, "title": "One", "genres": ["Drama"], "year": None, "price": 0.5, 3: day},
        {"item_id": 2, "title": None, "genres": [], "year": 1990, "price": None, 3: None},
    ]
    assert encoders.as_records(pd.DataFrame(index=range(2))) == [{}, {}]


def test_routes_say_what_a_vector_is_based_on(users: UserEncoder) -> None:
    assert users.routes(USERS) == ["personal", "features", "personal", "popular", "personal"]
    assert users.routes(
        [
            {"history": [10**9]},
            {"history": [10**9], "user": {"age": 30}},
            {"user": {"country": "Atlantis"}},
            {"user": {"country": "Atlantis", "age": 0}},
        ]
    ) == ["popular", "features", "popular", "features"]


def _tables(users: UserEncoder) -> NDArray[np.float32]:
    """The item vectors that histories are read from."""
    return np.concatenate(users._forward._parts, axis=1)


def test_known_items_are_encoded_as_the_user_tower_reads_them(
    users: UserEncoder, items: ItemEncoder, sample_dataset: Dataset
) -> None:
    vectors = items.encode(sample_dataset.item_records())
    np.testing.assert_allclose(vectors, _tables(users), atol=1e-6)


def test_unknown_item_is_encoded_from_its_features(items: ItemEncoder) -> None:
    western = {"genres": ["Western"], "title": "The Last Saloon"}
    one, two, other, nothing = items.encode(
        [
            {"item_id": 10**6, **western},
            western,
            {"item_id": 10**6, "genres": ["Horror"], "title": "The Last Cellar"},
            {"item_id": 10**6},
        ]
    )
    np.testing.assert_array_equal(one, two)
    assert np.linalg.norm(one - other) > 0.01
    assert np.linalg.norm(one - nothing) > 0.01


def test_unknown_items_are_near_similar_items(items: ItemEncoder, sample_dataset: Dataset) -> None:
    records = [r for r in sample_dataset.item_records() if len(r["genres"]) == 1]
    genres = sorted({r["genres"][0] for r in records})
    new = items.encode([{"genres": [genre]} for genre in genres])
    known = items.encode(records)
    cosine = (new @ known.T) / np.linalg.norm(new, axis=1)[:, None] / np.linalg.norm(known, axis=1)
    of = np.array([genres.index(r["genres"][0]) for r in records])
    own = of[None, :] == np.arange(len(genres))[:, None]
    assert cosine[own].mean() > 1.2 * cosine[~own].mean()


def test_ids_can_be_any_integer_or_absent(items: ItemEncoder) -> None:
    ids = [300, np.int32(1), None, np.uint8(7), -1, 10**30]
    assert encoders.known_rows(items.bundle, ids).tolist() == [299, 0, -1, 6, -1, -1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("7", "'7' is text"),
        (7.0, "7.0 is a number"),
        (True, "True is a boolean"),
    ],
)
def test_ids_of_another_type_are_refused(
    users: UserEncoder, items: ItemEncoder, wrong: object, said: str
) -> None:
    message = f"item id {said}, but this model's item ids are integers"
    with pytest.raises(RequestError, match=message):
        items.encode([{"item_id": 1}, {"item_id": wrong}])
    with pytest.raises(RequestError, match=message):
        users.encode({"history": [1, wrong]})


def test_integers_are_refused_if_ids_are_text(texts: Bundle) -> None:
    with pytest.raises(RequestError, match="3 is an integer, but this model's item ids are text"):
        UserEncoder(texts).encode({"history": ["t1", 3]})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("user 42", "expected a list of dicts or a DataFrame, got text"),
        (42, "expected a list of dicts or a DataFrame, got an integer"),
        (None, "got null"),
        ([{}, 42], "record 1 is an integer; each must be a dict"),
        ([{}, {"user": "F"}], "user 1: 'user' is text; give a dict of columns, or null"),
        ([{"history": "1,2"}], "user 0: 'history' is text; give a list of item ids"),
        ([{"history": 7}], "'history' is an integer"),
        ([{"history": {1: 2}}], "'history' is a dict"),
        ([{"history": {1, 2}}], "'history' is a set"),
        ([{"history": b"12"}], "'history' is a bytes"),
    ],
)
def test_wrong_users_are_refused(users: UserEncoder, wrong: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        users.encode(wrong)
    with pytest.raises(RequestError, match=message):
        users.routes(wrong)


def test_wrong_number_is_named_with_column_and_row(users: UserEncoder, items: ItemEncoder) -> None:
    message = "column '{}': record 3: 'old' is not a number"
    with pytest.raises((DataError, RequestError), match=message.format("age")):
        users.encode([{"user": {"age": "old" if i == 3 else i}} for i in range(5)])
    with pytest.raises(DataError, match=message.format("year")):
        items.encode([{"year": "old" if i == 3 else i} for i in range(5)])


def test_eight_threads_get_the_same_answers(users: UserEncoder, items: ItemEncoder) -> None:
    records = [{"item_id": i, "title": "The Tiny Robot"} for i in range(60)]
    rng = np.random.default_rng(1)
    asked = [
        [{"user": {"age": int(rng.integers(99))}, "history": (rng.permutation(300)[:n] + 1)}]
        for n in rng.integers(0, 80, 64)
    ]
    expected = [users.encode(one) for one in asked]
    expected_items = items.encode(records)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(users.encode, asked))
        found_items = list(pool.map(items.encode, [records] * 8))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    for vectors in found_items:
        np.testing.assert_array_equal(vectors, expected_items)
