"""Each doubtful thing in a data set has a warning, with a count, an example and a remedy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from towhee_recsys import Dataset, train
from towhee_recsys.datasets import Problem, Schema, doubts, sample, validate
from towhee_recsys.errors import TrainingError

USERS, ITEMS, LENGTH = 120, 20, 6
NOON = 1_700_000_000.0


def plays(**columns: Any) -> pd.DataFrame:
    """Six interactions for each of 120 users, minutes apart; every item has some."""
    users = np.repeat(np.arange(USERS), LENGTH)
    steps = np.tile(np.arange(LENGTH), USERS)
    table: pd.DataFrame = pd.DataFrame(
        {
            "user_id": users,
            "item_id": (users + 11 * steps) % ITEMS,
            "timestamp": NOON + 60 * steps,
        }
    )
    for name, values in columns.items():
        table[name] = values
    return table


def things(**columns: Any) -> pd.DataFrame:
    table: pd.DataFrame = pd.DataFrame({"item_id": range(ITEMS), **columns})
    return table


def found(
    interactions: pd.DataFrame,
    items: pd.DataFrame | None = None,
    users: pd.DataFrame | None = None,
    **schema: Any,
) -> dict[tuple[str, str | None], Problem]:
    """The warnings by table and column. No two are about the same."""
    dataset = Dataset.from_frames(
        interactions,
        things() if items is None else items,
        users,
        schema=Schema(users=schema.get("user_columns", {}), items=schema.get("item_columns", {})),
    )
    warnings = doubts(dataset)
    by_place = {(one.file, one.column): one for one in warnings}
    assert len(by_place) == len(warnings)
    return by_place


def test_good_data_has_no_warnings() -> None:
    assert found(plays()) == {}


def test_without_timestamps_order_is_unknown() -> None:
    warnings = found(plays().drop(columns="timestamp"))
    (doubt,) = warnings.values()
    assert "no timestamps" in doubt.wrong
    assert "held out at random" in doubt.wrong
    assert "order: file" in doubt.remedy
    assert doubt.count == USERS * LENGTH


def test_rows_sorted_by_id_are_not_offered_as_time_order() -> None:
    for ascending in (True, False):
        table = plays().drop(columns="timestamp").sort_values("item_id", ascending=ascending)
        (doubt,) = found(table).values()
        assert doubt.remedy.startswith("The rows seem to be sorted by id: in 100% of a user's")
        assert ("ascend" if ascending else "descend") in doubt.remedy
        assert "order: file" not in doubt.remedy


def test_equal_times_are_told_with_their_share() -> None:
    steps = np.tile([0, 0, 1, 2, 3, 4], USERS)  # one pair of five
    doubt = found(plays(timestamp=NOON + 60 * steps))["interactions", "timestamp"]
    assert doubt.wrong.startswith("20% of users' consecutive interactions")
    assert "unknown" not in doubt.wrong
    assert doubt.count == USERS
    doubt = found(plays(timestamp=NOON))["interactions", "timestamp"]
    assert doubt.wrong.startswith("100% of users' consecutive interactions")
    assert "order is unknown" in doubt.wrong


@pytest.mark.parametrize("timed", [False, True])
def test_rows_that_are_sorted_by_id_are_in_no_time_order(timed: bool) -> None:
    def warnings(table: pd.DataFrame) -> list[Problem]:
        table = table.assign(timestamp=NOON) if timed else table.drop(columns="timestamp")
        contents = replace(Dataset.from_frames(table, things()), file_order=True)
        assert contents.order == "file"
        return list(doubts(contents))

    assert warnings(plays()) == []
    (doubt,) = warnings(plays().sort_values("item_id"))
    assert "sorted by id, not by time: in 100% of a user's consecutive rows" in doubt.wrong
    assert ("equal times (100%)" in doubt.wrong) is timed
    assert doubt.count == USERS * (LENGTH - 1)


@pytest.mark.parametrize(
    ("moment", "what", "example"),
    [(59.0, "before 1990", "1970-01-01"), (1e10, "in the future", "2286-11-20")],
)
def test_strange_times(moment: float, what: str, example: str) -> None:
    table = plays()
    table.loc[::LENGTH, "timestamp"] = moment
    doubt = found(table)["interactions", "timestamp"]
    assert what in doubt.wrong
    assert doubt.count == USERS
    assert f"('{example}', " in str(doubt)
    assert f" and {USERS - 5} more)" in str(doubt)


@pytest.mark.parametrize(
    ("scale", "count", "levels"),
    [
        ([0, 1, 2], 240, "are low: 0, where 0, 1 and 2 occur"),
        ([1, 2, 3, 4, 5, 5], 240, "are low: 1 and 2, where 1, 2, 3, 4 and 5 occur"),
        (np.linspace(0.5, 10, 20), 360, "are low: below 5.25, where 0.5 to 10 occur"),
        ([4], 0, "every row counts as a like, whatever its rating"),
    ],
)
def test_what_a_rating_counts_as(scale: Any, count: int, levels: str) -> None:
    doubt = found(plays(rating=np.resize(scale, USERS * LENGTH)))["interactions", "rating"]
    assert doubt.wrong.startswith("every row counts as a like, whatever its rating")
    assert doubt.wrong.endswith(levels)
    assert doubt.count == count


def test_few_users() -> None:
    few = plays().query("user_id < 99")
    assert found(few)["users", None].count == 99
    assert "99 users" in found(few)["users", None].wrong
    assert found(plays().query("user_id < 100")) == {}


def test_short_histories() -> None:
    table = plays()
    short = table[(table.user_id != 7) | (table.timestamp == NOON)]
    doubt = found(short)["interactions", "user_id"]
    assert doubt.wrong == "1 user has one interaction"
    assert doubt.examples == ((None, "7"),)
    pairs = table[table.timestamp < NOON + 120]
    assert "no user has three interactions" in found(pairs)["interactions", None].wrong


def test_items_without_interactions() -> None:
    more = pd.DataFrame({"item_id": range(ITEMS + 7), "color": ["red", "blue"] * 13 + ["red"]})
    doubt = found(plays(), more)["items", "item_id"]
    assert doubt.wrong == "7 items have no interaction"
    assert doubt.examples[0] == (None, "20")
    assert "and 2 more" in str(doubt)
    assert "no columns" in doubt.remedy
    with_columns = found(plays(), more, item_columns={"color": "categorical"})
    assert "columns alone" in with_columns["items", "item_id"].remedy


@pytest.mark.parametrize("role", ["categorical", "multi_categorical", "text", "display"])
def test_labels_that_look_missing(role: str) -> None:
    values = np.resize(np.array(["red", "?", "blue", "N/A", "green"], object), ITEMS)
    items = things(color=[[v] for v in values] if role == "multi_categorical" else values)
    doubt = found(plays(), items, item_columns={"color": role})["items", "color"]
    assert doubt.wrong == "'?', 'N/A' may stand for missing values in 8 rows"
    assert doubt.count == 8
    assert "read: {na: ['?', 'N/A']}" in doubt.remedy


def test_none_is_a_label() -> None:
    items = things(alcohol=np.resize(np.array(["none", "wine"], object), ITEMS))
    assert found(plays(), items, item_columns={"alcohol": "categorical"}) == {}


@pytest.mark.parametrize(
    ("value", "role", "wrong"),
    [
        ("red", "categorical", "has the same value in all rows"),
        (["a"], "multi_categorical", "has the same value in all rows"),
        (1963, "number", "has the same value in all rows"),
        (None, "categorical", "has no value in any row"),
    ],
)
def test_constant_columns(value: object, role: str, wrong: str) -> None:
    items = things(kind=pd.Series([value] * ITEMS, dtype=object))
    assert found(plays(), items, item_columns={"kind": role})["items", "kind"].wrong == wrong


def test_a_constant_column_for_display_is_harmless() -> None:
    assert found(plays(), things(kind="x"), item_columns={"kind": "display"}) == {}


def test_a_column_that_may_identify_people_is_not_quoted() -> None:
    users = pd.DataFrame(
        {"user_id": range(USERS), "mail": [f"u{i}@example.org" for i in range(USERS)]}
    )
    doubt = found(plays(), users=users, user_columns={"mail": "display"})["users", "mail"]
    assert "120 values for 120 users" in doubt.wrong
    assert "example.org" not in str(doubt)


def test_warnings_in_the_report(tmp_path: Path) -> None:
    plays(rating=np.resize([0, 1, 2], USERS * LENGTH)).to_csv(tmp_path / "plays.csv", index=False)
    things().to_csv(tmp_path / "items.csv", index=False)
    source = tmp_path / "dataset.yaml"
    source.write_text("interactions: {path: plays.csv}\nitems: {path: items.csv}\n")
    report = validate(source)
    assert report.ok
    assert "1 thing is doubtful:\n- interactions, column 'rating': every row" in str(report)
    (warning,) = json.loads(json.dumps(report.to_dict()))["warnings"]
    assert (warning["file"], warning["column"]) == ("interactions", "rating")
    assert warning["count"] == 240


def test_the_sample_says_what_its_ratings_count_as() -> None:
    (doubt,) = doubts(sample())
    assert doubt.column == "rating"


@pytest.mark.parametrize(
    ("rows", "catalogue", "words"),
    [
        (["1,a", "1,b", "1,c", "2,a"], "abc", "1 item is left to learn from"),
        (["1,a", "2,a", "3,a"], "a", "the catalogue has one item"),
    ],
)
def test_what_training_refuses_validation_refuses_in_the_same_words(
    tmp_path: Path, rows: list[str], catalogue: str, words: str
) -> None:
    (tmp_path / "plays.csv").write_text("\n".join(["user,item", *rows]))
    (tmp_path / "items.csv").write_text("\n".join(["item", *catalogue]))
    source = tmp_path / "dataset.yaml"
    source.write_text("name: few\ninteractions: {path: plays.csv}\nitems: {path: items.csv}\n")
    report = validate(source)
    assert not report.ok
    assert words in str(report.problems[0])
    with pytest.raises(TrainingError) as refused:
        train(Dataset.load(source))
    assert str(refused.value) == str(report.problems[0])
