"""Further tables about users and items, tables that are absent, and ids that are unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from towhee_recsys.datasets import Dataset
from towhee_recsys.datasets.readers.loading import examine
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.errors import DataError

PLAYS = "user_id,placeID\nann,7\nbob,8\nann,9\n"
PLACES = "placeID;name\n7;Tortas\n8;Emilianos\n9;Luna\n"
CUISINES = "placeID,Rcuisine\n7,Mexican\n8,Bar\n7,Fast_Food\n7,Mexican\n"
PRICES = "placeID,price,kind\n8,2.5,pub\n7,4,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (
        ("plays", PLAYS), ("places", PLACES), ("cuisines", CUISINES), ("prices", PRICES)
    ):  # fmt: skip
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


CUISINE = {
    "path": "cuisines.csv",
    "item_id": "placeID",
    "columns": {"Rcuisine": {"role": "multi_categorical", "as": "cuisine"}},
}
PRICE = {
    "path": "prices.csv",
    "item_id": "placeID",
    "columns": {"price": "number", "kind": "categorical"},
}
ITEMS = {"path": "places.csv", "item_id": "placeID", "columns": {"name": "text"}}


def describe(folder: Path, items: Any = None, users: Any = None, **interactions: Any) -> Path:
    described: dict[str, Any] = {
        "interactions": {"path": "plays.csv", "item_id": "placeID", **interactions}
    }
    described |= {k: v for k, v in (("items", items), ("users", users)) if v is not None}
    path = folder / "dataset.yaml"
    path.write_text(json.dumps(described))
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    return [str(problem) for problem in caught.value.problems]


def warned(path: Path) -> list[str]:
    return [str(warning) for warning in Dataset.load(path).warnings]


def test_labels_and_values_of_further_tables(folder: Path) -> None:
    dataset = Dataset.load(describe(folder, {**ITEMS, "also": [CUISINE, PRICE]}))
    assert dataset.item_records() == [
        {"item_id": 7, "name": "Tortas", "cuisine": ["Mexican", "Fast_Food"], "price": 4,
         "kind": None},
        {"item_id": 8, "name": "Emilianos", "cuisine": ["Bar"], "price": 2.5, "kind": "pub"},
        {"item_id": 9, "name": "Luna", "cuisine": [], "price": None, "kind": None},
    ]  # fmt: skip
    roles = {name: column.role for name, column in dataset.schema.items.items()}
    assert roles == {"name": "text", "cuisine": "multi_categorical", "price": "number",
                     "kind": "categorical"}  # fmt: skip


def test_further_tables_of_users(folder: Path) -> None:
    (folder / "people.csv").write_text("user_id,age\nann,31\nbob,\n")
    (folder / "payments.csv").write_text("user_id,pays\nann,cash\nann,VISA\n")
    also = [{"path": "payments.csv", "columns": {"pays": "multi_categorical"}}]
    users = {"path": "people.csv", "columns": {"age": "number"}, "also": also}
    assert Dataset.load(describe(folder, users=users)).user_records() == [
        {"user_id": "ann", "age": 31, "pays": ["cash", "VISA"]},
        {"user_id": "bob", "age": None, "pays": []},
    ]


def test_checksum_covers_further_tables(folder: Path) -> None:
    path = describe(folder, {**ITEMS, "also": [CUISINE]})
    before = Dataset.load(path).source
    (folder / "cuisines.csv").write_text(CUISINES + "9,Thai\n")
    after = Dataset.load(path).source
    assert before is not None
    assert after is not None
    assert before.sha256 != after.sha256


def test_several_rows_for_a_single_value_are_a_problem(folder: Path) -> None:
    side = {**CUISINE, "columns": {"Rcuisine": "categorical"}}
    (message,) = told(describe(folder, {**ITEMS, "also": [side]}))
    assert "cuisines.csv, column 'placeID': the id is there already (row 4: '7', row 5" in message
    assert "give 'Rcuisine' the role multi_categorical" in message


def test_mistakes_in_a_further_table_name_it(folder: Path) -> None:
    (folder / "prices.csv").write_text("placeID,price,kind\n8,cheap,\n,1,\n")
    first, second = told(describe(folder, {**ITEMS, "also": [PRICE]}))
    assert first.startswith("prices.csv, column 'placeID': the id is empty (row 3)")
    assert second.startswith("prices.csv, column 'price': is not a number (row 2: 'cheap')")


@pytest.mark.parametrize(
    ("side", "parts"),
    [
        ({**CUISINE, "path": "cuisine.csv"}, ["items, also", "cuisine.csv", "'cuisines.csv'"]),
        ({**CUISINE, "itemid": "placeID"}, ["items, also: 'itemid'", "'item_id'"]),
        ({**CUISINE, "also": []}, ["'also' is not known"]),
        ({"columns": {}}, ["items, also' does not name a path"]),
        ({**PRICE, "columns": {"price": {"role": "number", "as": "name"}}}, ["'name'", "`as`"]),
    ],
)
def test_wrong_description_of_a_further_table(
    folder: Path, side: dict[str, Any], parts: list[str]
) -> None:
    (message,) = told(describe(folder, {**ITEMS, "also": [side]}))
    assert all(part in message for part in parts), message


def test_rows_of_unknown_ids_in_a_further_table_are_left_out_with_a_warning(folder: Path) -> None:
    (folder / "cuisines.csv").write_text(CUISINES + "77,Thai\n78,Thai\n")
    path = describe(folder, {**ITEMS, "also": [CUISINE]})
    assert len(Dataset.load(path).items) == 3
    (warning,) = warned(path)
    assert "cuisines.csv, column 'placeID': is not in places.csv: these rows are left" in warning
    assert "row 6: '77', row 7: '78'" in warning


def test_without_a_table_of_items_the_interactions_list_them(folder: Path) -> None:
    assert Dataset.load(describe(folder)).item_records() == [
        {"item_id": 7}, {"item_id": 8}, {"item_id": 9}
    ]  # fmt: skip
    records = Dataset.load(describe(folder, {"also": [CUISINE]})).item_records()
    assert records[0] == {"item_id": 7, "cuisine": ["Mexican", "Fast_Food"]}


def test_wrong_ids_are_told_once_without_a_table_of_items(folder: Path) -> None:
    (folder / "plays.csv").write_text("user_id,placeID\nann,\nbob,8\n")
    assert len(told(describe(folder, {"also": [CUISINE]}))) == 1
    (folder / "plays.csv").write_text("user_id,placeID\n")
    assert len(told(describe(folder))) == 1


def test_frames_without_items() -> None:
    plays = pd.DataFrame({"user_id": [1, 1], "item_id": ["b", "a"]})
    assert Dataset.from_frames(plays).items["item_id"].tolist() == ["b", "a"]


def test_unknown_items_are_refused_by_default(folder: Path) -> None:
    (folder / "places.csv").write_text("placeID;name\n7;Tortas\n")
    (message,) = told(describe(folder, ITEMS))
    assert "row 3: '8', row 4: '9'" in message
    assert "unknown_items: drop or keep" in message


def test_unknown_items_are_dropped_or_kept_with_a_count(folder: Path) -> None:
    (folder / "places.csv").write_text("placeID;name\n7;Tortas\n5;X\n")
    (folder / "plays.csv").write_text(PLAYS + "bob,7\nbob,9\n")
    path = describe(folder, ITEMS, unknown_items="drop")
    dataset = Dataset.load(path)
    assert dataset.interactions.to_numpy().tolist() == [["ann", 7], ["bob", 7]]
    assert dataset.users["user_id"].tolist() == ["ann", "bob"]
    (warning,) = Dataset.load(path).warnings
    assert warning.count == 3
    assert "left out" in str(warning)
    path = describe(folder, {**ITEMS, "also": [CUISINE]}, unknown_items="keep")
    dataset = Dataset.load(path)
    assert dataset.item_records()[2:] == [
        {"item_id": 8, "name": None, "cuisine": ["Bar"]},
        {"item_id": 9, "name": None, "cuisine": []},
    ]
    assert len(dataset.interactions) == 5
    assert [warning.count for warning in Dataset.load(path).warnings] == [3]


def test_rows_are_counted_where_some_are_dropped(folder: Path) -> None:
    (folder / "places.csv").write_text("placeID;name\n7;Tortas\n")
    (folder / "plays.csv").write_text("user_id,placeID,rating\nann,8,1\nann,7,bad\n")
    (message,) = told(describe(folder, ITEMS, unknown_items="drop"))
    assert "row 3: 'bad'" in message


def test_ids_of_another_kind_can_be_kept(folder: Path) -> None:
    (folder / "places.csv").write_text("placeID;name\n7;Tortas\n")
    (folder / "plays.csv").write_text("user_id,placeID\nann,7\nann,x\n")
    dataset = Dataset.load(describe(folder, ITEMS, unknown_items="keep"))
    assert dataset.items["item_id"].tolist() == ["7", "x"]


def test_no_known_item_at_all_is_one_message(folder: Path) -> None:
    (folder / "places.csv").write_text("placeID;name\n1;Tortas\n")
    (message,) = told(describe(folder, ITEMS, unknown_items="drop"))
    assert "none of these ids is in places.csv" in message


@pytest.mark.parametrize("policy", ["drop", "keep"])
def test_unknown_users(folder: Path, policy: str) -> None:
    (folder / "people.csv").write_text("user_id,age\nann,31\n")
    users = {"path": "people.csv", "columns": {"age": "number"}}
    dataset = Dataset.load(describe(folder, users=users, unknown_users=policy))
    kept = [{"user_id": "ann", "age": 31}, {"user_id": "bob", "age": None}]
    assert dataset.user_records() == (kept if policy == "keep" else kept[:1])
    assert len(dataset.interactions) == (3 if policy == "keep" else 2)


def test_rows_left_out_of_a_table_make_no_unknown_ids(folder: Path) -> None:
    (folder / "places.csv").write_text("placeID;name\n7;Tortas\n8;Emilianos;more\n9;Luna\n")
    (message,) = told(describe(folder, ITEMS))
    assert "a line does not have 2 fields" in message


def test_order_of_the_file_is_passed_on(folder: Path) -> None:
    for said in ({}, {"order": "file"}):
        parts, _ = examine(describe(folder, **said), Problems())
        assert parts is not None
        assert parts.file_order == bool(said)
