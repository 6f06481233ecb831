"""Your own tables: every kind of file, and every mistake with file, row, column and value."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset
from towhee_recsys.errors import DataError

YAML = """\
interactions:
  {path: plays.csv, user_id: listener, item_id: track, timestamp: played_at, rating: stars}
users: {path: listeners.csv, user_id: listener, columns: {country: categorical, age: number}}
items:
  path: tracks.csv
  item_id: track
  columns:
    {title: text, tags: {role: multi_categorical, separator: ";"}, year: number, cover: display}
"""
PLAYS = """\
listener,track,played_at,stars
ann,t1,2024-05-01T10:00:00,5
bob,t2,2024-05-01T10:00:01,
ann,t2,2024-05-02,3.5
"""
LISTENERS = "listener,country,age\nann,NA,31\nbob,,\n"
TRACKS = """\
track,title,tags,year,cover,unused
t1,"A ""song"", twice",pop; loud,1999,c1.png,x
t2,Silence,,,,y
"""


def write(folder: Path, **changed: str | bytes) -> Path:
    files: dict[str, str | bytes] = {
        "dataset.yaml": YAML,
        "plays.csv": PLAYS,
        "listeners.csv": LISTENERS,
        "tracks.csv": TRACKS,
    }
    files.update({key.replace("_", "."): value for key, value in changed.items()})
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "dataset.yaml"


def told(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    return str(caught.value)


@pytest.mark.parametrize(("year", "shown"), [("1963.0", "1963"), ("1963.5", "1963.5")])
def test_whole_numbers_are_integers(tmp_path: Path, year: str, shown: str) -> None:
    dataset = Dataset.load(write(tmp_path, tracks_csv=TRACKS.replace("1999", year)))
    assert [one["year"] for one in dataset.item_records()] == [float(year), None]
    assert str(dataset.item_records()[0]["year"]) == shown


def test_example_is_read(tmp_path: Path) -> None:
    dataset = Dataset.load(write(tmp_path))
    assert dataset.item_records() == [
        {
            "item_id": "t1",
            "title": 'A "song", twice',
            "tags": ["pop", "loud"],
            "year": 1999,
            "cover": "c1.png",
        },
        {"item_id": "t2", "title": "Silence", "tags": [], "year": None, "cover": None},
    ]
    assert dataset.user_records() == [
        {"user_id": "ann", "country": "NA", "age": 31},
        {"user_id": "bob", "country": None, "age": None},
    ]
    assert dataset.interactions["timestamp"].tolist() == [1714557600, 1714557601, 1714608000]
    ratings = dataset.interactions["rating"]
    assert ratings.dropna().tolist() == [5.0, 3.5]
    assert ratings.isna().tolist() == [False, True, False]
    assert dataset.source is not None
    assert Dataset.load(dataset.source.location).source == dataset.source
    assert Dataset.load(tmp_path).item_records() == dataset.item_records()


def test_every_kind_of_file_gives_the_same_data(tmp_path: Path) -> None:
    expected = Dataset.load(write(tmp_path))
    for folder in ("gz", "tsv", "parquet"):
        (tmp_path / folder).mkdir()
    write(tmp_path / "gz", dataset_yaml=YAML.replace(".csv", ".csv.gz"))
    write(tmp_path / "tsv", dataset_yaml=YAML.replace(".csv", ".tsv"))
    write(tmp_path / "parquet", dataset_yaml=YAML.replace(".csv", ".parquet"))
    for name in ("plays", "listeners", "tracks"):
        text = (tmp_path / f"{name}.csv").read_bytes()
        (tmp_path / "gz" / f"{name}.csv.gz").write_bytes(gzip.compress(text))
        frame = pd.read_csv(tmp_path / f"{name}.csv", keep_default_na=False, na_values=[""])
        frame.to_csv(tmp_path / "tsv" / f"{name}.tsv", sep="\t", index=False)
        frame.to_parquet(tmp_path / "parquet" / f"{name}.parquet")
    for folder in ("gz", "tsv", "parquet"):
        dataset = Dataset.load(tmp_path / folder / "dataset.yaml")
        assert dataset.item_records() == expected.item_records()
        assert dataset.user_records() == expected.user_records()
        assert dataset.interactions.equals(expected.interactions)


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary"])
def test_parquet_text_is_text_in_every_layout(tmp_path: Path, kind: str) -> None:
    def column(values: list[str | None]) -> Any:
        text = pa.array(values, pa.string())
        return text.dictionary_encode() if kind == "dictionary" else text.cast(getattr(pa, kind)())

    labels = pa.list_(pa.string() if kind == "dictionary" else getattr(pa, kind)())
    items = {
        "item_id": column(["a", "b"]),
        "title": column(["A", None]),
        "tags": pa.array([["x", "y"], []], labels),
        "joined": column(["x|y", ""]),
        "year": column(["1994", ""]),
    }
    plays = {"user_id": column(["7", "8"]), "item_id": column(["b", "a"]),
             "timestamp": column(["2024-05-02", "2024-05-01T10:00:00"])}  # fmt: skip
    pq.write_table(pa.table(items), tmp_path / "items.parquet")
    pq.write_table(pa.table(plays), tmp_path / "plays.parquet")
    (tmp_path / "dataset.yaml").write_text(
        "interactions: {path: plays.parquet}\n"
        "items: {path: items.parquet, columns: {title: text, tags: multi_categorical, "
        "joined: multi_categorical, year: number}}\n"
    )
    dataset = Dataset.load(tmp_path / "dataset.yaml")
    assert dataset.item_records() == [
        {"item_id": "a", "title": "A", "tags": ["x", "y"], "joined": ["x", "y"], "year": 1994},
        {"item_id": "b", "title": None, "tags": [], "joined": [], "year": None},
    ]
    assert dataset.users["user_id"].tolist() == [7, 8]
    assert dataset.interactions["timestamp"].tolist() == [1714608000.0, 1714557600.0]


def test_users_times_and_ratings_are_optional(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        dataset_yaml="interactions: {path: plays.csv}\nitems: {path: tracks.csv}\n",
        plays_csv="userId,movieId\n7,2\n5,1\n7,2\n",
        tracks_csv="ItemID\n1\n2\n",
    )
    dataset = Dataset.load(path)
    assert dataset.users.to_numpy().tolist() == [[7], [5]]
    assert list(dataset.interactions.columns) == ["user_id", "item_id"]
    assert dataset.interactions.to_numpy().tolist() == [[7, 2], [5, 1]]
    assert dataset.repeated == 1


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        (
            {"plays_csv": PLAYS + "eve,t1,2024-05-03,1\n"},
            ["plays.csv", "'listener'", "row 5", "'eve'"],
        ),
        ({"plays_csv": PLAYS + "ann,t9,2024-05-03,1\n"}, ["plays.csv", "'track'", "row 5", "'t9'"]),
        ({"plays_csv": PLAYS + "ann,,2024-05-03,1\n"}, ["plays.csv", "'track'", "row 5", "empty"]),
        ({"plays_csv": PLAYS + "ann,t1,soon,1\n"}, ["'played_at'", "row 5", "'soon'", "ISO 8601"]),
        ({"plays_csv": PLAYS + "ann,t1,,1\n"}, ["'played_at'", "row 5", "missing"]),
        (
            {"plays_csv": PLAYS + "ann,t1,2024-05-03,good\n"},
            ["'stars'", "row 5", "'good'", "number"],
        ),
        ({"plays_csv": PLAYS + "ann,t1\n"}, ["plays.csv", "row 5", "4 fields", "ann,t1"]),
        ({"plays_csv": "listener,track,played_at,stars\n"}, ["plays.csv", "no rows"]),
        ({"plays_csv": ""}, ["plays.csv", "is empty"]),
        ({"plays_csv": PLAYS.replace("track", "trak")}, ["'track'", "Did you mean 'trak'?"]),
        ({"tracks_csv": TRACKS + "t1,Again,,,,\n"}, ["tracks.csv", "'track'", "row 4", "'t1'"]),
        ({"tracks_csv": TRACKS + "t3,X,,MCM,,\n"}, ["tracks.csv", "'year'", "row 4", "'MCM'"]),
        ({"tracks_csv": TRACKS + "t3,X,,1e999,,\n"}, ["tracks.csv", "'year'", "row 4", "finite"]),
        ({"tracks_csv": TRACKS + f"{'x' * 256},X,,,,\n"}, ["tracks.csv", "row 4", "255"]),
        ({"tracks_csv": TRACKS.replace("title", "Title")}, ["'title'", "Did you mean 'Title'?"]),
        (
            {"tracks_csv": TRACKS.replace("unused", "title")},
            ["tracks.csv", "more than one", "'title'"],
        ),
        (
            {"listeners_csv": b"listener,country,age\nann,Qu\xe9bec,31\nbob,,\n"},
            ["listeners.csv", "0xe9", "position 27", "row 2", "UTF-8"],
        ),
        ({"dataset_yaml": YAML.replace("users:", "user:")}, ["'user'", "Did you mean 'users'?"]),
        ({"dataset_yaml": YAML.replace("user_id:", "userid:")}, ["'userid'", "'user_id'"]),
        ({"dataset_yaml": YAML.replace("plays.csv", "play.csv")}, ["play.csv", "'plays.csv'"]),
        (
            {"dataset_yaml": YAML.replace("plays.csv", "plays.xls"), "plays_xls": ""},
            ["plays.xls", ".csv"],
        ),
        (
            {"dataset_yaml": YAML.replace("year: number", "year: nummer")},
            ["column 'year': role is 'nummer': input should be", "'number'", "Write a role"],
        ),
        (
            {"dataset_yaml": YAML.replace("year: number", "year: {role: number, seperator: x}")},
            ["column 'year': unknown field 'seperator'. Did you mean 'separator'?"],
        ),
        ({"dataset_yaml": YAML.replace("cover: display", "score: display")}, ["score", "Rename"]),
        ({"dataset_yaml": YAML.replace("cover:", "covr:")}, ["'covr'", "Did you mean 'cover'?"]),
        ({"dataset_yaml": "items: {path: tracks.csv, item_id: track}\n"}, ["interactions"]),
        ({"dataset_yaml": "items: [\n"}, ["dataset.yaml", "row 2", "YAML"]),
        ({"dataset_yaml": "hello\n"}, ["dataset.yaml", "any tables"]),
        ({"dataset_yaml": YAML.replace("user_id: listener", "user_id: 3")}, ["'user_id' is 3"]),
    ],
)
def test_mistake_is_reported(
    tmp_path: Path, changed: dict[str, str | bytes], parts: list[str]
) -> None:
    message = told(write(tmp_path, **changed))
    assert all(part in message for part in parts), message


def test_all_mistakes_are_reported_with_examples_and_counts(tmp_path: Path) -> None:
    strangers = "".join(f"x{n},t1,2024-05-03,1\n" for n in range(12))
    path = write(
        tmp_path,
        plays_csv=PLAYS + strangers + "ann,t9,never,?\n",
        tracks_csv=TRACKS + "t1,Again,,old,,\n",
    )
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    message = str(caught.value)
    for part in ("'x0'", "7 more", "'t9'", "'never'", "'?'", "'old'", "already"):
        assert part in message
    assert "'x5'" not in message
    strange = next(p for p in caught.value.problems if p.column == "listener")
    assert strange.count == 12
    assert strange.examples[0] == (5, "x0")
    assert len(caught.value.problems) == 6


def test_row_numbers_count_quoted_newlines_and_blank_lines(
    tmp_path: Path,
) -> None:
    tracks = 'track,title,tags,year,cover,unused\nt1,"two\nlines",,,,\n\nt2,b,,bad,,\n'
    assert "row 5: 'bad'" in told(write(tmp_path, tracks_csv=tracks))


def test_row_numbers_count_lines_with_too_few_fields(tmp_path: Path) -> None:
    message = told(write(tmp_path, plays_csv=PLAYS + "ann,t1\nann,t1,never,1\n"))
    assert "row 5: 'ann,t1'" in message
    assert "row 6: 'never'" in message


def test_byte_order_mark_is_not_part_of_a_name(tmp_path: Path) -> None:
    path = write(tmp_path, tracks_csv=b"\xef\xbb\xbf" + TRACKS.encode())
    assert Dataset.load(path).items["item_id"].tolist() == ["t1", "t2"]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("nowhere.yaml", ["nowhere.yaml", "no such file"]),
        ("ml-1M", ["Did you mean 'ml-1m'?"]),
        ("sample:x", ["sample:7"]),
    ],
)
def test_missing_source_is_reported(source: str, parts: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        Dataset.load(source)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_unsupported_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    assert "kind that is not read" in told(tmp_path / "x.txt")


words = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
)
labels = st.lists(
    st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=5),
    max_size=3,
    unique=True,
)
records = st.lists(
    st.fixed_dictionaries(
        {
            "item_id": st.integers(-(2**63), 2**63 - 1) | words,
            "title": st.none() | words,
            "tags": labels,
            "size": st.none() | st.integers(-(2**53), 2**53),
        }
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda r: str(r["item_id"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(records, st.sampled_from(["csv", "tsv", "parquet"]))
def test_written_values_are_read_back(
    tmp_path: Path, rows: list[dict[str, Any]], kind: str
) -> None:
    whole = all(_is_canonical(str(r["item_id"])) for r in rows)
    expected = [{**r, "item_id": int(r["item_id"]) if whole else str(r["item_id"])} for r in rows]
    frame = pd.DataFrame(
        {
            "item_id": pd.Series([str(r["item_id"]) for r in rows], dtype=object),
            "title": pd.Series([r["title"] for r in rows], dtype=object),
            "tags": pd.Series(["|".join(r["tags"]) for r in rows], dtype=object),
            "size": pd.array([r["size"] for r in rows], dtype="Int64"),
        }
    )
    plays = frame[["item_id"]].assign(user_id=1)
    for name, table in (("items", frame), ("plays", plays)):
        if kind == "parquet":
            table.to_parquet(tmp_path / f"{name}.parquet")
        else:
            separator = "," if kind == "csv" else "\t"
            table.to_csv(tmp_path / f"{name}.{kind}", sep=separator, index=False)
    (tmp_path / "dataset.yaml").write_text(
        f"interactions: {{path: plays.{kind}}}\n"
        f"items: {{path: items.{kind}, "
        "columns: {title: text, tags: multi_categorical, size: number}}\n"
    )
    dataset = Dataset.load(tmp_path / "dataset.yaml")
    assert dataset.item_records() == expected
    assert dataset.interactions["item_id"].tolist() == [r["item_id"] for r in expected]


def _is_canonical(text: str) -> bool:
    try:
        number = int(text)
    except ValueError:
        return False
    return str(number) == text and -(2**63) <= number < 2**63
