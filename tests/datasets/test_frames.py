"""Data frames are read as files are, with usual column names and types of values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from towhee_recsys.datasets import Dataset, Schema
from towhee_recsys.errors import DataError

ITEMS = pd.DataFrame({"item_id": [1, 2, 3]})
PLAYS = pd.DataFrame({"user_id": [7, 7, 8], "item_id": [1, 2, 3]})


@pytest.mark.parametrize("user", ["user_id", "userId", "UserId", "UserID", "user", "USER_ID"])
@pytest.mark.parametrize("item", ["item_id", "itemId", "movieId", "MovieID", "item"])
def test_usual_column_names_are_understood(user: str, item: str) -> None:
    plays = PLAYS.set_axis([user, item], axis=1)
    dataset = Dataset.from_frames(plays, ITEMS.set_axis([item], axis=1))
    assert list(dataset.interactions.columns) == ["user_id", "item_id"]
    assert dataset.items["item_id"].tolist() == [1, 2, 3]


def test_exact_name_wins() -> None:
    plays = PLAYS.assign(user=["x", "y", "z"])
    plays.insert(0, "UserId", [1, 2, 3])
    assert Dataset.from_frames(plays, ITEMS).users["user_id"].tolist() == [7, 8]


@pytest.mark.parametrize("last", [1970.0, np.nan, None])
def test_whole_floats_are_integers(last: float | None) -> None:
    dataset = Dataset.from_frames(PLAYS, ITEMS.assign(year=[1963.0, 1965.0, last]))
    assert str(dataset.items["year"].dtype) == "Int64"
    assert [str(one["year"]) for one in dataset.item_records()[:2]] == ["1963", "1965"]


def test_roles_come_from_the_values() -> None:
    items = ITEMS.assign(
        name=["one thing", "another", "a third"],
        kind=pd.Series(["a", "a", "a"], dtype="category"),
        tags=[["x"], [], ["x", "y"]],
        size=[1.5, np.nan, 2.0],
        year=[1999, np.nan, 2001],
        fresh=[True, False, True],
    )
    dataset = Dataset.from_frames(PLAYS, items)
    assert {name: c.role for name, c in dataset.schema.items.items()} == {
        "name": "text",
        "kind": "categorical",
        "tags": "multi_categorical",
        "size": "number",
        "year": "number",
        "fresh": "categorical",
    }
    assert dataset.item_records()[:2] == [
        {
            "item_id": 1,
            "name": "one thing",
            "kind": "a",
            "tags": ["x"],
            "size": 1.5,
            "year": 1999,
            "fresh": True,
        },
        {
            "item_id": 2,
            "name": "another",
            "kind": "a",
            "tags": [],
            "size": None,
            "year": None,
            "fresh": False,
        },
    ]
    assert isinstance(dataset.item_records()[0]["year"], int)


def test_records_are_copies() -> None:
    dataset = Dataset.from_frames(PLAYS, ITEMS.assign(tags=[["x"], [], ["y"]]))
    dataset.item_records()[0]["tags"].append("changed")
    assert dataset.item_records()[0]["tags"] == ["x"]


def test_given_schema_is_used() -> None:
    items = ITEMS.assign(code=[3, 1, 3], extra=["a", "b", "c"], tags=["x|y", None, "z"])
    schema = Schema.model_validate({"items": {"code": "categorical", "tags": "multi_categorical"}})
    dataset = Dataset.from_frames(PLAYS, items, schema=schema)
    assert dataset.schema == schema
    assert dataset.item_records()[0] == {"item_id": 1, "code": 3, "tags": ["x", "y"]}
    assert dataset.items["code"].dtype == np.int64


@pytest.mark.parametrize(
    ("items", "users", "integer"),
    [
        ([1, 2], ["1", "2"], True),
        (["1", "-2"], [1, -2], True),
        (["0", "10"], ["0", "10"], True),
        (["01", "2"], ["01", "2"], False),
        (["+1", "2"], ["+1", "2"], False),
        ([" 1", "2"], [" 1", "2"], False),
        (["-0", "2"], ["-0", "2"], False),
        (["1.0", "2"], ["1.0", "2"], False),
        ([str(2**63 - 1), str(-(2**63))], [2**63 - 1, -(2**63)], True),
        ([str(2**63), "2"], [str(2**63), "2"], False),
        ([np.uint64(2**63), np.uint64(2)], [str(2**63), "2"], False),
        ([1, "b"], ["1", "b"], False),
        (["é", "2"], ["é", "2"], False),
        (["١", "2"], ["١", "2"], False),
    ],
)
def test_ids_are_integers_only_if_all_are_canonical(
    items: list[object], users: list[object], integer: bool
) -> None:
    """`users` stand for the items' ids as the interactions write them."""
    plays = pd.DataFrame({"user_id": [1, 1], "item_id": users})
    dataset = Dataset.from_frames(plays, pd.DataFrame({"item_id": items}))
    expected = [int(str(i)) if integer else str(i) for i in items]
    assert dataset.items["item_id"].tolist() == expected
    assert dataset.interactions["item_id"].tolist() == expected
    assert (dataset.items["item_id"].dtype == np.int64) == integer
    assert dataset.users["user_id"].dtype == np.int64


@pytest.mark.parametrize(
    ("plays", "items", "parts"),
    [
        (
            PLAYS.assign(item_id=[1, 2, 9]),
            ITEMS,
            ["interactions", "item_id", "row 2", "'9'", "items"],
        ),
        (
            PLAYS.assign(item_id=[1, 2, np.nan]),
            ITEMS,
            ["interactions", "item_id", "row 2", "empty"],
        ),
        (PLAYS.assign(item_id=[1, 2, 2.5]), ITEMS, ["item_id", "neither an integer nor text"]),
        (PLAYS.drop(columns="item_id"), ITEMS, ["interactions", "item_id"]),
        (PLAYS, pd.DataFrame({"item_id": [1, 2, 3, 3]}), ["items", "row 3", "'3'", "already"]),
        (PLAYS.iloc[:0], ITEMS, ["interactions", "no rows"]),
        (PLAYS, ITEMS.assign(rank=[1, 2, 3]), ["items", "'rank'", "Rename"]),
        (PLAYS.assign(rating=["a", "1", "2"]), ITEMS, ["interactions", "'rating'", "row 0", "'a'"]),
    ],
)
def test_mistakes_in_frames_are_reported(
    plays: pd.DataFrame, items: pd.DataFrame, parts: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        Dataset.from_frames(plays, items)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_values_of_unusual_types_become_plain() -> None:
    odd = {
        "sets": [{"b", "a"}, set(), None],
        "arrays": [np.array(["a"]), np.array([]), None],
        "large": np.array([2**63, 1, 2], dtype="uint64"),
        "months": pd.period_range("2020-01", periods=3, freq="M"),
        "mixed": ["a", 1, None],
        "dicts": [{"a": 1}, None, {"a": 2}],
    }
    records = Dataset.from_frames(PLAYS, ITEMS.assign(**odd)).item_records()
    assert records[0] == {
        "item_id": 1,
        "sets": ["a", "b"],
        "arrays": ["a"],
        "large": float(2**63),
        "months": "2020-01",
        "mixed": "a",
        "dicts": "{'a': 1}",
    }
    assert [record["mixed"] for record in records] == ["a", "1", None]
    assert [record["sets"] for record in records] == [["a", "b"], [], []]


def test_text_that_is_not_unicode_is_refused() -> None:
    title = pd.Series(["\ud800", "b", "c"], dtype=object)
    with pytest.raises(DataError, match=r"items, column 'title'.*\\ud800"):
        Dataset.from_frames(PLAYS, ITEMS.assign(title=title))


def test_schema_with_users_needs_a_frame_of_users() -> None:
    schema = Schema.model_validate({"users": {"age": "number"}})
    with pytest.raises(DataError, match="users"):
        Dataset.from_frames(PLAYS, ITEMS, schema=schema)


def test_first_in_time_of_a_repeated_pair_is_kept() -> None:
    plays = pd.DataFrame(
        {
            "user_id": [1, 2, 1, 1, 2],
            "item_id": [3, 3, 3, 1, 3],
            "timestamp": [50, 7, 20, 60, 7],
            "rating": [1, 2, 3, 4, 5],
        }
    )
    dataset = Dataset.from_frames(plays, ITEMS)
    assert dataset.repeated == 2
    assert dataset.interactions["rating"].tolist() == [2, 3, 4]
    assert dataset.interactions["rating"].dtype == np.float32
    assert dataset.interactions.index.tolist() == [0, 1, 2]
