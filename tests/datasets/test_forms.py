"""Tables in the forms that people have them give the same data."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from towhee_recsys.datasets import Dataset, Schema, validate
from towhee_recsys.errors import DataError

ROWS = [("U1", "7", "2"), ("U2", "8", "0"), ("U1", "8", "1")]
HEADER = ("userID", "placeID", "rating")


def text(delimiter: str, header: bool = True) -> str:
    rows = [HEADER, *ROWS] if header else ROWS
    return "".join(delimiter.join(row) + "\n" for row in rows)


def describe(folder: Path, **keys: Any) -> Path:
    """A description whose only table is that of the interactions."""
    keys = {"user_id": "userID", "item_id": "placeID", **keys}
    path = folder / "dataset.yaml"
    path.write_text(json.dumps({"interactions": keys}), "utf-8")  # JSON is YAML
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    return [str(problem) for problem in caught.value.problems]


def triples(dataset: Dataset) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in dataset.interactions.itertuples(index=False)]


EXPECTED = [("U1", 7, 2.0), ("U2", 8, 0.0), ("U1", 8, 1.0)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "::"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "dat"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str, suffix: str) -> None:
    (tmp_path / f"plays.{suffix}").write_text(text(delimiter))
    assert triples(Dataset.load(describe(tmp_path, path=f"plays.{suffix}"))) == EXPECTED


@pytest.mark.parametrize("delimiter", [" ", "§", "<->", r"\t"])
def test_delimiter_is_said(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "plays.txt").write_text(text(delimiter.replace(r"\t", "\t")), "utf-8")
    path = describe(tmp_path, path="plays.txt", read={"delimiter": delimiter})
    assert triples(Dataset.load(path)) == EXPECTED


def test_delimiter_within_names_and_values_is_not_taken(tmp_path: Path) -> None:
    rows = 'placeID;name, first;tags\n7;"Smith; John";a,b|c\n8;Miller, Ann;d,e|f\n'
    (tmp_path / "items.csv").write_text(rows)
    (tmp_path / "plays.csv").write_text(text(","))
    described = {
        "interactions": {"path": "plays.csv", "item_id": "placeID"},
        "items": {
            "path": "items.csv",
            "item_id": "placeID",
            "columns": {"name, first": "text", "tags": "multi_categorical"},
        },
    }
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    assert Dataset.load(tmp_path).item_records() == [
        {"item_id": 7, "name, first": "Smith; John", "tags": ["a,b", "c"]},
        {"item_id": 8, "name, first": "Miller, Ann", "tags": ["d,e", "f"]},
    ]


def test_wrong_delimiter_is_one_message(tmp_path: Path) -> None:
    columns = [f"column number {n}" for n in range(20)]
    lines = [";".join(["placeID", *columns]), ";".join(["7", *"x" * 20])]
    (tmp_path / "places.csv").write_text("\n".join(lines))
    (tmp_path / "rating_final.csv").write_text(text(";"))
    described = {
        "interactions": {"path": "rating_final.csv", "read": {"delimiter": ","}},
        "items": {
            "path": "places.csv",
            "item_id": "placeID",
            "read": {"delimiter": ","},
            "columns": dict.fromkeys(columns, "text"),
        },
    }
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    first, second = told(tmp_path / "dataset.yaml")
    assert "rating_final.csv: has one column, 'userID;placeID;rating'" in first
    assert "its delimiter seems to be ';'" in first
    assert "places.csv: has one column" in second
    assert len(second) < 250


def test_unknown_delimiter_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "plays.txt").write_text(text("~"))
    (message,) = told(describe(tmp_path, path="plays.txt", timestamp="when", rating="rating"))
    assert "one column, 'userID~placeID~rating', and no delimiter is found" in message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    bom = "\ufeff" if encoding == "utf-16-le" else ""
    written = (bom + text(";").replace("U2", "Zoé")).encode(encoding)
    (tmp_path / "plays.csv").write_bytes(written)
    said = {"read": {"encoding": encoding}} if encoding == "cp1252" else {}
    found = triples(Dataset.load(describe(tmp_path, path="plays.csv", **said)))
    assert found == [("U1", 7, 2.0), ("Zoé", 8, 0.0), ("U1", 8, 1.0)]


def test_large_file_in_another_encoding_and_with_a_long_delimiter(tmp_path: Path) -> None:
    rows = "".join(f"ü{n}::{n}::{n % 5},5\r\n" for n in range(60_000))
    (tmp_path / "plays.dat").write_bytes(("userID::placeID::rating\r\n" + rows).encode("latin-1"))
    read = {"encoding": "latin-1", "decimal": ","}
    found = Dataset.load(describe(tmp_path, path="plays.dat", read=read)).interactions
    assert len(found) == 60_000
    assert found.iloc[-1].tolist() == ["ü59999", 59999, 4.5]


@pytest.mark.parametrize(
    ("content", "read", "parts"),
    [
        ("userID,placeID\nZo\xe9,7\n", {}, ["UTF-8", "0xe9", "row 2", "encoding"]),
        ("userID,placeID\nZo\xe9,7\n", {"encoding": "ascii"}, ["is not ascii"]),
    ],
)
def test_wrong_encoding_is_one_message(
    tmp_path: Path, content: str, read: dict[str, str], parts: list[str]
) -> None:
    (tmp_path / "plays.csv").write_bytes(content.encode("latin-1"))
    (message,) = told(describe(tmp_path, path="plays.csv", read=read))
    assert all(part in message for part in parts), message


def test_words_for_missing_values(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text("userID,placeID,rating\nU1,7,?\nU2,8,-1\nU3,8,3\n")
    path = describe(tmp_path, path="plays.csv", read={"na": ["?", -1]})
    ratings = Dataset.load(path).interactions["rating"]
    assert ratings.isna().tolist() == [True, True, False]
    (message,) = told(describe(tmp_path, path="plays.csv"))
    assert "row 2: '?'" in message
    assert "read: {na: ['?']}" in message
    (tmp_path / "plays.csv").write_text("userID,placeID\nU1,7\nNULL,8\n")
    (message,) = told(describe(tmp_path, path="plays.csv", read={"na": ["NULL"]}))
    assert "the id is empty (row 3)" in message


def test_missing_numbers_in_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"userID": [1, 2], "placeID": [7, 8], "rating": [-1, 4]})
    frame.to_parquet(tmp_path / "plays.parquet")
    path = describe(tmp_path, path="plays.parquet", read={"na": "-1"})
    assert Dataset.load(path).interactions["rating"].isna().tolist() == [True, False]


def test_decimal_comma(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text("userID;placeID;rating\nU1;7;3,5\nU2;8;4\n")
    (message,) = told(describe(tmp_path, path="plays.csv"))
    assert 'write read: {decimal: ","}' in message
    path = describe(tmp_path, path="plays.csv", read={"decimal": ","})
    assert Dataset.load(path).interactions["rating"].tolist() == [3.5, 4.0]
    (tmp_path / "plays.csv").write_text("userID;placeID;rating\nU1;7;1.234\n")
    (message,) = told(path)
    assert "row 2: '1.234'" in message


@pytest.mark.parametrize(
    ("keys", "ids"),
    [
        ({"read": {"header": ["who", "placeID", "rating"]}, "user_id": "who"}, ["U1", "U2"]),
        ({"read": {"header": False}, "user_id": 1, "item_id": 2, "rating": 3}, ["U1", "U2"]),
        ({"read": {"header": False}, "user_id": "1", "item_id": "2"}, ["U1", "U2"]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "::"])
def test_no_header(tmp_path: Path, keys: dict[str, Any], ids: list[str], delimiter: str) -> None:
    (tmp_path / "plays.dat").write_text(text(delimiter, header=False))
    dataset = Dataset.load(describe(tmp_path, path="plays.dat", **keys))
    assert dataset.users["user_id"].tolist() == ids
    assert dataset.items["item_id"].tolist() == [7, 8]


@pytest.mark.parametrize(
    ("content", "read", "parts"),
    [
        (text(",", header=False), {}, ["userID", "There is U1, 7, 2", "look like values"]),
        (text(","), {"header": [*HEADER]}, ["its first line names the columns"]),
        (text(","), {"header": ["a", "b"]}, ["first line has 3 fields", "names 2 columns"]),
        (text(","), {"header": False}, ["Without a header", "user_id: 1"]),
        ("", {"header": False}, ["is empty"]),
    ],
)
def test_wrong_header_is_one_message(
    tmp_path: Path, content: str, read: dict[str, Any], parts: list[str]
) -> None:
    (tmp_path / "plays.csv").write_text(content)
    (message,) = told(describe(tmp_path, path="plays.csv", read=read))
    assert all(part in message for part in parts), message


def test_rows_are_counted_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text("U1,7,1\nU2,8,bad\n")
    (message,) = told(describe(tmp_path, path="plays.csv", read={"header": [*HEADER]}))
    assert "row 2: 'bad'" in message


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines(tmp_path: Path, packed: bool) -> None:
    records: list[dict[str, Any]] = [
        {"placeID": 7, "title": "A", "tags": ["x", "y"], "size": 1.5, "more": {"a": 1}},
        {"placeID": 8, "size": 2, "title": 3},
    ]
    lines = "".join(json.dumps(r) + "\n" for r in records).encode()
    plays = "".join(json.dumps(dict(zip(HEADER, r, strict=True))) + "\n" for r in ROWS).encode()
    end = ".jsonl.gz" if packed else ".ndjson"
    for name, content in (("items", lines), ("plays", plays)):
        (tmp_path / f"{name}{end}").write_bytes(gzip.compress(content) if packed else content)
    described = {
        "interactions": {"path": f"plays{end}", "item_id": "placeID"},
        "items": {
            "path": f"items{end}",
            "item_id": "placeID",
            "columns": {
                "title": "text",
                "tags": "multi_categorical",
                "size": "number",
                "more": "display",
            },
        },
    }
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    dataset = Dataset.load(tmp_path)
    assert triples(dataset) == EXPECTED
    assert dataset.item_records() == [
        {"item_id": 7, "title": "A", "tags": ["x", "y"], "size": 1.5, "more": '{"a": 1}'},
        {"item_id": 8, "title": "3", "tags": [], "size": 2.0, "more": None},
    ]


def test_rows_of_json_lines_are_lines(tmp_path: Path) -> None:
    lines = [
        '{"userID": "a", "placeID": 1, "rating": 1}',
        "",
        "[1]",
        '{"userID": "b", "placeID": 1, "rating": "bad"}',
        '{"userID": "\\ud800", "placeID": 1}',
    ]
    (tmp_path / "plays.jsonl").write_text("\n".join(lines))
    first, second = told(describe(tmp_path, path="plays.jsonl"))
    assert "a line is not a JSON object (row 3: '[1]', row 5:" in first
    assert "row 4: 'bad'" in second


def test_ids_of_json_lines_are_exact(tmp_path: Path) -> None:
    ids = [2**63, 12345678901234567890123]
    lines = [json.dumps({"userID": one, "placeID": 1}) for one in ids]
    (tmp_path / "plays.jsonl").write_text("\n".join(lines))
    dataset = Dataset.load(describe(tmp_path, path="plays.jsonl"))
    assert dataset.users["user_id"].tolist() == list(map(str, ids))


@pytest.mark.parametrize("given", ["plays", "plays/*.parquet", "plays/**/*.parquet"])
def test_folder_and_glob_of_parquet(tmp_path: Path, given: str) -> None:
    (tmp_path / "plays").mkdir()
    for number, row in enumerate(ROWS):
        frame = pd.DataFrame([row], columns=HEADER)
        if number:  # files often differ in what is empty and in the width of numbers
            frame = frame.astype({"placeID": "int32" if number == 1 else "int64"})
        else:
            frame = frame.astype({"placeID": "int64"}).assign(extra=None)
        frame.to_parquet(tmp_path / "plays" / f"part-{number}.parquet")
    (tmp_path / "plays" / "_SUCCESS").touch()
    assert triples(Dataset.load(describe(tmp_path, path=given))) == EXPECTED


def test_folders_called_key_value_are_a_column(tmp_path: Path) -> None:
    for day, row in zip(("2024-05-01", "2024-05-02", "2024-05-03"), ROWS, strict=True):
        folder = tmp_path / "plays" / f"day={day}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({k: [v] for k, v in zip(HEADER, row, strict=True)}),
                       folder / "0.parquet")  # fmt: skip
    dataset = Dataset.load(describe(tmp_path, path="plays", timestamp="day"))
    assert np.diff(dataset.interactions["timestamp"]).tolist() == [86400, 86400]


@pytest.mark.parametrize("given", ["plays", "plays/*/*.parquet"])
def test_one_file_in_a_folder_called_key_value(tmp_path: Path, given: str) -> None:
    folder = tmp_path / "plays" / "year=2024"
    folder.mkdir(parents=True)
    table = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)})
    pq.write_table(table, folder / "0.parquet")
    path = describe(tmp_path, path=given, rating="year")
    assert triples(Dataset.load(path)) == [(*row[:2], 2024.0) for row in EXPECTED]
    path = describe(tmp_path, path="plays/year=2024/0.parquet")
    assert triples(Dataset.load(path)) == EXPECTED


def test_glob_without_a_file(tmp_path: Path) -> None:
    (message,) = told(describe(tmp_path, path="plays/*.csv"))
    assert "there is no file plays/*.csv" in message
    assert message.endswith("/plays/*.csv.")


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_problem_in_many_files_names_the_file(tmp_path: Path, kind: str) -> None:
    (tmp_path / "plays").mkdir()
    for number, ratings in enumerate((["1", "2"], ["3", "bad"], ["worse", "1"])):
        frame = pd.DataFrame({"userID": ["a", "b"], "placeID": ["1", "2"], "rating": ratings})
        path = tmp_path / "plays" / f"{number}.{kind}"
        if kind == "csv":
            frame.to_csv(path, index=False)
        elif kind == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            frame.to_parquet(path)
    (message,) = told(describe(tmp_path, path="plays"))
    assert message.startswith(f"plays/1.{kind} and 1 more file, column 'rating': is not a number")
    assert f"row {3 if kind == 'csv' else 2}: 'bad' and 1 more" in message


def test_files_of_a_folder_must_have_the_same_columns(tmp_path: Path) -> None:
    (tmp_path / "plays").mkdir()
    (tmp_path / "plays" / "1.csv").write_text(text(","))
    (tmp_path / "plays" / "2.csv").write_text(text(";").replace("placeID", "place"))
    (message,) = told(describe(tmp_path, path="plays"))
    assert "plays/2.csv (placeID) lack columns of plays/1.csv" in message
    (tmp_path / "plays" / "2.csv").rename(tmp_path / "plays" / "2.jsonl")
    (message,) = told(describe(tmp_path, path="plays"))
    assert "several kinds: .csv, .jsonl" in message


def test_reserved_name_is_kept_as_another(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text(text(","))
    (tmp_path / "items.csv").write_text("placeID,score,rank\n7,1.5,a\n8,bad,b\n")
    columns: dict[str, Any] = {"score": {"role": "number", "as": "points"}, "rank": "display"}
    described = {
        "interactions": {"path": "plays.csv", "item_id": "placeID"},
        "items": {"path": "items.csv", "item_id": "placeID", "columns": columns},
    }
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    first, second = told(tmp_path / "dataset.yaml")
    assert "column 'rank': an answer uses this name itself" in first
    assert "as: another_name" in first
    assert "items.csv, column 'score': is not a number (row 3: 'bad')" in second
    columns["rank"] = {"role": "display", "as": "points"}
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    assert "column 'points': two columns have this name" in told(tmp_path / "dataset.yaml")[0]
    (tmp_path / "items.csv").write_text("placeID,score,rank\n7,1.5,a\n8,2,b\n")
    columns["rank"]["as"] = "place"
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    dataset = Dataset.load(tmp_path)
    assert dataset.item_records()[0] == {"item_id": 7, "points": 1.5, "place": "a"}
    assert dataset.schema == Schema.model_validate(
        {"items": {"points": "number", "place": "display"}}
    )


@pytest.mark.parametrize(
    ("interactions", "parts"),
    [
        ({"read": {"delimeter": ";"}}, ["'read: delimeter'", "Did you mean 'delimiter'?"]),
        ({"read": {"delimiter": ""}}, ["'read: delimiter' is ''"]),
        ({"read": {"encoding": "klingon"}}, ["'klingon'", "no such encoding"]),
        ({"read": {"encoding": "base64"}}, ["'base64'", "no such encoding"]),
        ({"read": {"na": [None]}}, ["'read: na'", "in quotes"]),
        ({"read": {"decimal": ";"}}, ["'read: decimal' is ';'", "','"]),
        ({"read": {"header": 3}}, ["'read: header' is 3", "names of all columns"]),
        ({"read": ";"}, ["'read' is ';'"]),
        ({"timestamp": {"column": "when", "fromat": "%d"}}, ["Did you mean 'format'?"]),
        ({"timestamp": {"column": "when", "format": "dd/mm/yyyy"}}, ["dd/mm/yyyy", "%d/%m/%Y"]),
        ({"timestamp": {"column": "when", "format": "%d/%m"}}, ["%d/%m", "%Y"]),
        ({"timestamp": 3}, ["'timestamp' is 3", "column: when"]),
        ({"order": "time"}, ["'order' is 'time'", "'file'"]),
        ({"unknown_items": "ignore"}, ["'unknown_items' is 'ignore'", "'drop'"]),
        ({"positive": {"rating": 4}}, ["'positive' is not known"]),
        ({"table": "plays"}, ["'table' is for databases", "Leave it out"]),
        ({"path": "nowhere/*.csv"}, ["there is no file nowhere/*.csv"]),
    ],
)
def test_mistake_in_a_key_is_one_message(
    tmp_path: Path, interactions: dict[str, Any], parts: list[str]
) -> None:
    (tmp_path / "plays.csv").write_text(text(","))
    path = describe(tmp_path, **{"path": "plays.csv", **interactions})
    (message,) = told(path)
    assert all(part in message for part in parts), message
    assert [str(problem) for problem in validate(path).problems] == [message]


def test_keys_for_text_are_refused_for_other_files(tmp_path: Path) -> None:
    pd.DataFrame([("a", "b")], columns=HEADER[:2]).to_parquet(tmp_path / "plays.parquet")
    (message,) = told(describe(tmp_path, path="plays.parquet", read={"delimiter": ";"}))
    assert "plays.parquet: needs no `delimiter`" in message
