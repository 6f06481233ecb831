"""Every layout of MovieLens gives the same tables, and damage is reported by row and value.

The rows are invented. The real archive is read if it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from towhee_recsys.datasets import Dataset
from towhee_recsys.errors import DataError


def flags(*places: int) -> str:
    return "|".join("1" if place in places else "0" for place in range(19))


LAYOUTS: dict[str, dict[str, bytes]] = {
    "ml-100k": {
        "u.data": b"1\t2\t5\t881250949\n2\t1\t3\t881250950\n",
        "u.item": (
            f"1|Caf\xe9 Robot (1995)|01-Jan-1995||http://x|{flags(3, 5)}\n2|unknown||||{flags(0)}\n"
        ).encode("latin-1"),
        "u.user": b"1|24|M|technician|85711\n2|53|F|other|9-X\n",
    },
    "ml-1m": {
        "ratings.dat": b"1::2::5::978300760\n2::1::3::978300761\n",
        "movies.dat": (
            "1::Caf\xe9 Robot (1995)::Animation|Comedy\n2::Lost: Found (1988)::Drama\n"
        ).encode("latin-1"),
        "users.dat": b"1::F::1::10::48067\n2::M::56::16::07002\n",
    },
    "ml-10m": {
        "ratings.dat": b"1::2::5::838985046\n2::1::3.5::838983525\n",
        "movies.dat": "1::Caf\xe9 Robot (1995)::Animation|Comedy\n"
        "2::Nothing (2001)::(no genres listed)\n".encode(),
    },
    "ml-latest-small": {
        "ratings.csv": b"userId,movieId,rating,timestamp\n1,2,4.0,964982703\n2,1,0.5,964981247\n",
        "movies.csv": (
            "movieId,title,genres\r\n"
            '1,"Caf\xe9, Robot ""The"" (1995)",Animation|Comedy\r\n'
            "2,Serial (2006–2007),(no genres listed)\r\n"
        ).encode(),
    },
}


def _load(make_zip: Any, name: str, **changed: bytes) -> Dataset:
    files = dict(LAYOUTS[name])
    for key, data in changed.items():
        file = next(f for f in files if f.replace(".", "_") == key)
        files[file] = data
    return Dataset.load(make_zip(name, files))


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_tables(make_zip: Any, name: str) -> None:
    dataset = _load(make_zip, name)
    assert dataset.name == name
    assert list(dataset.items.columns) == ["item_id", "title", "year", "genres"]
    assert list(dataset.interactions.columns) == ["user_id", "item_id", "timestamp", "rating"]
    assert dataset.interactions.dtypes.astype(str).tolist() == ["int64"] * 2 + [
        "float64",
        "float32",
    ]
    assert dataset.interactions[["user_id", "item_id"]].to_numpy().tolist() == [[1, 2], [2, 1]]
    first = dataset.item_records()[0]
    assert first["item_id"] == 1
    assert first["title"].startswith("Café")
    assert "(1995)" not in first["title"]
    assert first["year"] == 1995
    assert first["genres"] == ["Animation", "Comedy"]


def test_unusual_titles_genres_and_years(make_zip: Any) -> None:
    def second(name: str) -> dict[str, Any]:
        return _load(make_zip, name).item_records()[1]

    assert second("ml-100k") == {"item_id": 2, "title": "unknown", "year": None, "genres": []}
    assert second("ml-1m") == {
        "item_id": 2,
        "title": "Lost: Found",
        "year": 1988,
        "genres": ["Drama"],
    }
    assert second("ml-10m")["genres"] == []
    assert second("ml-latest-small") == {
        "item_id": 2,
        "title": "Serial",
        "year": 2006,
        "genres": [],
    }


def test_users_of_an_archive(make_zip: Any) -> None:
    assert _load(make_zip, "ml-1m").user_records()[1] == {
        "user_id": 2,
        "gender": "M",
        "age": 56,
        "occupation": 16,
        "zip_code": "07002",
    }
    assert _load(make_zip, "ml-100k").user_records()[1] == {
        "user_id": 2,
        "age": 53,
        "gender": "F",
        "occupation": "other",
        "zip_code": "9-X",
    }
    roles = {name: c.role for name, c in _load(make_zip, "ml-1m").schema.users.items()}
    assert roles == {
        "gender": "categorical",
        "age": "categorical",
        "occupation": "categorical",
        "zip_code": "display",
    }
    assert _load(make_zip, "ml-100k").schema.users["age"].role == "number"
    assert _load(make_zip, "ml-10m").user_records() == [{"user_id": 1}, {"user_id": 2}]


def test_folder_gives_the_same_data_as_its_zip(tmp_path: Path, make_zip: Any) -> None:
    zipped = _load(make_zip, "ml-1m")
    folder = tmp_path / "unpacked" / "ml-1m"
    folder.mkdir(parents=True)
    for file, data in LAYOUTS["ml-1m"].items():
        (folder / file).write_bytes(data)
    for path in (folder, folder.parent):
        read = Dataset.load(path)
        assert read.item_records() == zipped.item_records()
        assert read.user_records() == zipped.user_records()
        assert read.interactions.equals(zipped.interactions)


def test_source_can_be_read_again_and_shows_changes(make_zip: Any) -> None:
    first = _load(make_zip, "ml-1m")
    assert first.source is not None
    again = Dataset.load(first.source.location)
    assert again.source == first.source
    changed = _load(make_zip, "ml-1m", ratings_dat=b"1::2::4::978300760\n2::1::3::978300761\n")
    assert changed.source is not None
    assert changed.source.sha256 != first.source.sha256


@pytest.mark.parametrize(
    ("name", "file", "data", "told"),
    [
        (
            "ml-1m",
            "ratings_dat",
            b"1::2::5::9\nx::1::3::9\n",
            ["ratings.dat", "user_id", "row 2", "'x'"],
        ),
        (
            "ml-1m",
            "ratings_dat",
            b"1::2::5::9\n2::1::bad::9\n",
            ["column 'rating'", "row 2", "'bad'"],
        ),
        (
            "ml-1m",
            "ratings_dat",
            b"1::2::5::9\n2::1::3::noon\n",
            ["'timestamp'", "row 2", "'noon'"],
        ),
        ("ml-1m", "ratings_dat", b"1::2::5::9\n2::1\n", ["row 2", "fields", "2::1"]),
        ("ml-1m", "ratings_dat", b"1::2::5::9\n2:x:1::3::9\n", ["row 2", "'x'", "colons"]),
        ("ml-1m", "ratings_dat", b"1::2::5::9\n::1::3::9\n", ["user_id", "row 2", "empty"]),
        (
            "ml-1m",
            "ratings_dat",
            b"1::2::5::9\n2::7::3::9\n",
            ["item_id", "row 2", "'7'", "movies.dat"],
        ),
        (
            "ml-1m",
            "ratings_dat",
            b"1::2::5::9\n9::1::3::9\n",
            ["user_id", "row 2", "'9'", "users.dat"],
        ),
        ("ml-1m", "ratings_dat", b"", ["ratings.dat"]),
        ("ml-1m", "movies_dat", b"1::A::X\n2::B\n", ["movies.dat", "row 2", "3 fields", "2::B"]),
        ("ml-1m", "movies_dat", b"1::A::X\n2x::B::X\n", ["movies.dat", "row 2", "'2x'"]),
        (
            "ml-1m",
            "movies_dat",
            b"1::A::X\n2::B::X\n1::C::X\n",
            ["movies.dat", "row 3", "already", "'1'"],
        ),
        (
            "ml-1m",
            "users_dat",
            b"1::F::1::10::0\n2::M::old::16::0\n",
            ["users.dat", "age", "(row 2)"],
        ),
        ("ml-1m", "users_dat", b"1::F::1::10::0\n2::M::1\n", ["users.dat", "(row 2: 3 fields)"]),
        (
            "ml-10m",
            "movies_dat",
            b"1::A::X\n2::\xff::X\n",
            ["movies.dat", "row 2", "UTF-8", "0xff"],
        ),
        (
            "ml-latest-small",
            "ratings_csv",
            b"userId,movieId,rating,timestamp\n1,2,4.0,9\n2,1,?,9\n",
            ["ratings.csv", "rating", "row 3", "'?'"],
        ),
        (
            "ml-latest-small",
            "movies_csv",
            b"movieId,title,genres\n1,A,X\nb,B,X\n",
            ["movies.csv", "row 3", "'b'"],
        ),
        (
            "ml-latest-small",
            "movies_csv",
            b"movieId,title,genres\n1,A,X\n2,\xff,X\n",
            ["movies.csv", "row 3", "0xff", "position 29", "UTF-8"],
        ),
        (
            "ml-100k",
            "u_data",
            b"1\t2\t5\t9\n2\t1\tbad\t9\n",
            ["u.data", "rating", "row 2", "'bad'"],
        ),
    ],
)
def test_damaged_file_is_reported_with_row_and_value(
    make_zip: Any, name: str, file: str, data: bytes, told: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        _load(make_zip, name, **{file: data})
    assert all(word in str(caught.value) for word in told), str(caught.value)


def test_all_damage_is_reported_at_once(make_zip: Any) -> None:
    with pytest.raises(DataError) as caught:
        _load(
            make_zip,
            "ml-1m",
            ratings_dat=b"1::2::bad::9\n2::1::3::noon\n",
            users_dat=b"1::F::1::10::0\n1::F::1::10::0\n2::M::1::10::0\n",
        )
    message = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "'bad'" in message
    assert "'noon'" in message
    assert "already" in message


def test_archive_without_movielens_is_reported(make_zip: Any) -> None:
    with pytest.raises(DataError, match=r"other\.zip.*ratings\.csv"):
        Dataset.load(make_zip("other", {"notes.txt": b"hello"}))


def test_movielens_1m(ml_1m: Path) -> None:
    dataset = Dataset.load(ml_1m)
    assert (len(dataset.users), len(dataset.items)) == (6_040, 3_883)
    assert len(dataset.interactions) == 1_000_209
    assert dataset.repeated == 0
    assert dataset.interactions["item_id"].nunique() == 3_706
    assert dataset.items["year"].notna().all()
    assert dataset.items["year"].between(1919, 2000).all()
    genres = {genre for genres in dataset.items["genres"] for genre in genres}
    assert len(genres) == 18
