"""`describe` guesses what tables are for, and what it writes can be read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from fixtures.folders import FOLDERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.datasets.describing import describe, looking
from towhee_recsys.errors import DataError

Drafted = Callable[..., dict[str, Any]]


@pytest.fixture
def drafted(tmp_path: Path) -> Drafted:
    """Writes files, and gives what was guessed, as data. The description stays beside them."""

    def draft(**files: str) -> dict[str, Any]:
        for name, text in files.items():
            stem, _, ending = name.rpartition("_")
            (tmp_path / f"{stem}.{ending}").write_text(text, "utf-8")
        (tmp_path / "dataset.yaml").write_text(describe([tmp_path]).text, "utf-8")
        read: dict[str, Any] = yaml.safe_load((tmp_path / "dataset.yaml").read_text("utf-8"))
        return read

    return draft


def rows(header: str, *fields: Callable[[int], object], count: int = 60, by: str = ",") -> str:
    """A table as text."""
    lines = [by.join(str(field(i)) for field in fields) for i in range(count)]
    return "\n".join([header, *lines]) + "\n"


def user(i: int) -> str:
    return f"u{i % 20}"


def item(i: int) -> str:
    return f"i{(i * 7) % 30}"


SEMICOLONS = {"role": "multi_categorical", "separator": ";"}
PLAYS = rows("user_id,item_id", user, item)


@pytest.mark.parametrize("name", FOLDERS)
def test_each_folder_is_described_so_that_it_can_be_used(name: str, tmp_path: Path) -> None:
    FOLDERS[name](tmp_path)
    draft = describe([tmp_path])
    assert draft.path == tmp_path / "dataset.yaml"
    draft.path.write_text(draft.text, "utf-8")
    report = validate(draft.path)
    assert report.problems == ()
    assert (report.users, report.interactions) == (150, len(Dataset.load(draft.path).interactions))


def test_restaurants(tmp_path: Path) -> None:
    FOLDERS["restaurants"](tmp_path)
    read = yaml.safe_load(describe([tmp_path]).text)
    assert read["interactions"] == {
        "path": "rating_final.csv",
        "read": {"delimiter": ";"},
        "user_id": "userID",
        "item_id": "placeID",
        "rating": "rating",
    }
    assert read["items"]["read"] == {"delimiter": ";", "na": ["?"]}
    assert read["items"]["columns"]["alcohol"] == "categorical"
    assert "franchise" not in read["items"]["columns"]
    (cuisines,) = read["items"]["also"]
    assert cuisines["columns"] == {"Rcuisine": "multi_categorical"}
    assert read["users"]["columns"] == {"smoker": "categorical", "budget": "categorical"}


def test_private_columns_are_comments_without_their_values(tmp_path: Path) -> None:
    FOLDERS["films"](tmp_path)
    draft = describe([tmp_path])
    assert yaml.safe_load(draft.text)["users"]["columns"] == {
        "city": "categorical",
        "age": "number",
    }
    assert "    # password: display  # left out, it is called like a secret" in draft.text
    for text in (draft.text, *draft.decisions):
        assert "example.org" not in text
        assert "pw000" not in text


def test_what_the_books_need(tmp_path: Path) -> None:
    FOLDERS["books"](tmp_path)
    read = yaml.safe_load(describe([tmp_path]).text)
    assert read["interactions"]["unknown_items"] == "drop"
    assert read["users"]["read"] == {"encoding": "cp1252", "delimiter": ";", "na": ["NULL"]}
    assert read["users"]["columns"]["Age"] == "number"
    assert read["items"]["columns"]["Image-URL-S"] == "display"


def test_what_the_shop_needs(tmp_path: Path) -> None:
    FOLDERS["shop"](tmp_path)
    read = yaml.safe_load(describe([tmp_path]).text)
    assert read["interactions"]["path"] == "orders"
    assert read["interactions"]["timestamp"] == "bought_at"
    assert read["items"]["columns"]["tags"] == "multi_categorical"
    assert read["items"]["columns"]["score"] == {"role": "number", "as": "product_score"}
    assert "users" not in read


def test_unknown_order_is_said(drafted: Drafted, tmp_path: Path) -> None:
    assert "order" not in drafted(plays_csv=PLAYS)["interactions"]
    text = (tmp_path / "dataset.yaml").read_text("utf-8")
    assert "the order of a user's interactions is not known" in text
    assert "# order: file" in text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lambda i: 1_700_000_000 + i, "when"),
        (lambda i: (1_700_000_000 + i) * 1000, "when"),
        (lambda i: f"2024-05-{i % 28 + 1:02d}T10:00:00", "when"),
        (lambda i: f"{i % 28 + 1}/04/2009", {"column": "when", "format": "%d/%m/%Y"}),
        (
            lambda i: f"{i % 28 + 1:02d}.04.2009 10:15",
            {"column": "when", "format": "%d.%m.%Y %H:%M"},
        ),
        (lambda i: f"202405{i % 28 + 1:02d}", {"column": "when", "format": "%Y%m%d"}),
        (lambda i: 2000 + i % 20, None),
        (lambda i: i % 5, None),
    ],
)
def test_times(written: Callable[[int], object], expected: object, drafted: Drafted) -> None:
    read = drafted(plays_csv=rows("user_id,item_id,when", user, item, written))
    assert read["interactions"].get("timestamp") == expected


def test_dates_in_parts(tmp_path: Path) -> None:
    FOLDERS["music"](tmp_path)
    draft = describe([tmp_path])
    parts = {"year": "year", "month": "month", "day": "day"}
    assert yaml.safe_load(draft.text)["interactions"]["timestamp"] == parts
    draft.path.write_text(draft.text, "utf-8")
    report = validate(draft.path)
    assert report.order == "time"
    assert report.first is not None
    assert report.first.startswith("2005-01-")


def test_ambiguous_dates_are_told(drafted: Drafted, tmp_path: Path) -> None:
    drafted(plays_csv=rows("user_id,item_id,when", user, item, lambda i: f"0{i % 9 + 1}/04/2009"))
    text = (tmp_path / "dataset.yaml").read_text("utf-8")
    assert "%d/%m/%Y or %m/%d/%Y: all fit" in text


def test_ambiguous_dates_are_a_decision(tmp_path: Path) -> None:
    text = rows("user_id,item_id,when", user, item, lambda i: f"01/0{i % 8 + 2}/2009")
    (tmp_path / "plays.csv").write_text(text)
    said = "when: 01/02/2009 may be 1 February or 2 January; day first was taken"
    assert said in describe([tmp_path]).decisions


def test_last_date_tells_the_format(drafted: Drafted) -> None:
    dates = [f"{d}/{m}/{y}" for y in range(2000, 2010) for m in range(1, 13) for d in range(1, 13)]
    read = drafted(
        plays_csv=rows(
            "user_id,item_id,when",
            user,
            item,
            [*dates, "1/13/2009"].__getitem__,
            count=len(dates) + 1,
        )
    )
    assert read["interactions"]["timestamp"] == {"column": "when", "format": "%m/%d/%Y"}


def test_ids_are_found_by_their_values(drafted: Drafted) -> None:
    read = drafted(
        a_csv=rows("who,what", user, item),
        b_csv=rows("nr,country", lambda i: f"u{i}", lambda i: "AB"[i % 2], count=20),
        c_csv=rows("nr,color", lambda i: f"i{i}", lambda i: "xyz"[i % 3], count=30),
    )
    assert read["interactions"] == {"path": "a.csv", "user_id": "who", "item_id": "what"}
    assert (read["users"]["path"], read["items"]["path"]) == ("b.csv", "c.csv")


def test_a_column_beside_a_named_one(drafted: Drafted) -> None:
    read = drafted(plays_csv=rows("customer,rating,thing", user, lambda i: i % 5, item))
    assert read["interactions"]["item_id"] == "thing"
    assert read["interactions"]["rating"] == "rating"


def test_integer_ids_of_users_and_items_are_told_apart_by_name(drafted: Drafted) -> None:
    """The items' ids are among the users' too."""
    read = drafted(
        plays_csv=rows("userId,songId", lambda i: i % 20, lambda i: i % 15),
        users_csv=rows("userId,team", lambda i: i, lambda i: "AB"[i % 2], count=20),
        songs_csv=rows("songId,mood", lambda i: i, lambda i: "AB"[i % 2], count=15),
    )
    assert (read["users"]["path"], read["items"]["path"]) == ("users.csv", "songs.csv")


def test_a_file_without_a_line_of_names(drafted: Drafted, tmp_path: Path) -> None:
    table = rows("1\t2\t3\t1700000000", lambda i: i % 20, lambda i: i % 15, lambda i: i % 5 + 1,
                 lambda i: 1_700_000_000 + i, by="\t")  # fmt: skip
    read = drafted(plays_dat=table)
    names = ["user_id", "item_id", "rating", "timestamp"]
    assert read["interactions"]["read"]["header"] == names
    assert validate(tmp_path / "dataset.yaml").interactions == 61
    assert "no line of names" in (tmp_path / "dataset.yaml").read_text("utf-8")


def test_decimal_commas(drafted: Drafted, tmp_path: Path) -> None:
    read = drafted(
        plays_csv=PLAYS,
        items_csv=rows("item_id;price", lambda i: f"i{i}", lambda i: f"{i},5", count=30, by=";"),
    )
    assert read["items"]["read"] == {"delimiter": ";", "decimal": ","}
    assert read["items"]["columns"] == {"price": "number"}
    assert Dataset.load(tmp_path / "dataset.yaml").items["price"].tolist()[1] == 1.5


@pytest.mark.parametrize(
    ("price", "size"),
    [
        (lambda i: f"{i + 1},234", lambda i: i),
        (lambda i: f"{i + 1},234", lambda i: f"{i}.5"),
        (lambda i: f"{i + 1},5", lambda i: f"{i}.5"),
    ],
)
def test_thousands_are_no_decimal_commas(
    price: Callable[[int], object], size: Callable[[int], object], drafted: Drafted
) -> None:
    table = rows("item_id;price;size", lambda i: f"i{i}", price, size, count=30, by=";")
    assert drafted(plays_csv=PLAYS, items_csv=table)["items"]["read"] == {"delimiter": ";"}


def test_what_stands_for_missing_is_said(drafted: Drafted, tmp_path: Path) -> None:
    table = rows("item_id,mood,size", lambda i: f"i{i}", lambda i: ["?", "red", "blue"][i % 3],
                 lambda i: ["?", "1", "2", "3"][i % 4], count=30)  # fmt: skip
    assert drafted(plays_csv=PLAYS, items_csv=table)["items"]["read"] == {"na": ["?"]}
    text = (tmp_path / "dataset.yaml").read_text("utf-8")
    assert "  # '?' in mood (10 rows) and size (8 rows)\n" in text


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("item_id,title", lambda i: "Unknown" if i == 7 else f"Film {i}"),
        ("item_id,title", lambda i: "?" if i == 7 else f"Film {i}"),
        ("item_id,country", lambda i: ["NA", "DE", "FR"][i % 3]),
        ("item_id,story", lambda i: "unknown" if i == 7 else f"a story of number {i}"),
    ],
)
def test_values_that_may_be_real_stand_for_nothing_missing(
    header: str, values: Callable[[int], str], drafted: Drafted, tmp_path: Path
) -> None:
    name = header.split(",")[1]
    table = rows(f"{header},mood", lambda i: f"i{i}", values,
                 lambda i: values(7 - i % 2), count=30)  # fmt: skip
    read = drafted(plays_csv=PLAYS, items_csv=table)
    assert "read" not in read["items"]
    if read["items"]["columns"].get(name):
        kept = Dataset.load(tmp_path / "dataset.yaml").items[name]
        assert kept.tolist() == [values(i) for i in range(30)]


@pytest.mark.parametrize("word", ["unknown", "?", "NULL"])
@pytest.mark.parametrize("often", [1, 7])
def test_word_among_numbers_is_missing(word: str, often: int, drafted: Drafted) -> None:
    table = rows("item_id,size", lambda i: f"i{i}", lambda i: word if i < often else i, count=30)
    read = drafted(plays_csv=PLAYS, items_csv=table)["items"]
    assert (read["read"], read["columns"]) == ({"na": [word]}, {"size": "number"})


def test_words_among_codes(drafted: Drafted) -> None:
    countries = ["NA", "DE", "?"]
    table = rows("item_id,country", lambda i: f"i{i}", lambda i: countries[i % 3], count=30)
    assert drafted(plays_csv=PLAYS, items_csv=table)["items"]["read"] == {"na": ["?"]}


def test_id_that_looks_missing_is_an_id(drafted: Drafted, tmp_path: Path) -> None:
    table = rows("user_id,item_id,mood", lambda i: "unknown" if i % 20 == 3 else user(i), item,
                 lambda i: ["unknown", "red"][i % 2])  # fmt: skip
    assert "read" not in drafted(plays_csv=table)["interactions"]
    assert validate(tmp_path / "dataset.yaml").users == 20


def test_open_quotes_are_characters(drafted: Drafted, tmp_path: Path) -> None:
    table = rows("user_id,item_id,note", user, item, lambda i: '"wow' if i == 19 else "fine")
    assert drafted(plays_csv=table)["interactions"]["read"] == {"quotes": False}
    assert validate(tmp_path / "dataset.yaml").interactions == 60


def test_escaped_quotes_are_found(drafted: Drafted, tmp_path: Path) -> None:
    table = rows("item_id;title;path", lambda i: f'"i{i}"',
                 lambda i: '"The \\"b\\"; x"' if i == 29 else f'"Film {i}"',
                 lambda i: f'"C:{i}\\"', count=30, by=";")  # fmt: skip
    read = drafted(plays_csv=PLAYS, items_csv=table.replace('\\"\n', '"\n'))
    assert read["items"]["read"] == {"delimiter": ";", "escape": "\\"}
    assert Dataset.load(tmp_path / "dataset.yaml").items["title"].tolist()[29] == 'The "b"; x'
    read = drafted(items_csv=table.replace('\\"b\\"', "b"))
    assert read["items"]["read"] == {"delimiter": ";"}


@pytest.mark.parametrize("end", [50, -3])
def test_damaged_file_is_named(end: int, drafted: Drafted, tmp_path: Path) -> None:
    packed = gzip.compress(rows("item_id,size", lambda i: f"i{i}", lambda i: i * i).encode())
    (tmp_path / "items.csv.gz").write_bytes(packed[:end])
    (tmp_path / "lines.jsonl.gz").write_bytes(b"no archive")
    drafted(plays_csv=PLAYS)
    said = describe([tmp_path]).decisions
    assert any(line.startswith("items.csv.gz is not used: it cannot be read") for line in said)
    assert any(line.startswith("lines.jsonl.gz is not used: it cannot be read") for line in said)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "folder"])
def test_large_tables_are_looked_at_in_part(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_ROWS", 40)
    frame = pd.DataFrame({"user_id": [user(i) for i in range(60)],
                          "item_id": [item(i) for i in range(60)]})  # fmt: skip
    if kind == "csv":
        frame.to_csv(tmp_path / "plays.csv", index=False)
    elif kind == "jsonl":
        frame.to_json(tmp_path / "plays.jsonl", orient="records", lines=True)
    elif kind == "parquet":
        frame.to_parquet(tmp_path / "plays.parquet")
    else:
        (tmp_path / "plays").mkdir()
        for place in range(3):
            part = frame.iloc[20 * place : 20 * place + 20]
            part.to_csv(tmp_path / "plays" / f"{place}.csv", index=False)
    assert ", 40 rows or more; " in describe([tmp_path]).decisions[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (lambda i: f"{'AB'[i % 2]}|{'CDE'[i % 3]}", "multi_categorical"),
        (
            lambda i: f"{'AB'[i % 2]};{'CDE'[i % 3]}",
            {"role": "multi_categorical", "separator": ";"},
        ),
        (lambda i: ["red", "blue"][i % 2], "categorical"),
        (lambda i: i * 3, "number"),
        (lambda i: i % 2, "categorical"),
        (lambda i: f"a story of number {i}", "text"),
        (lambda i: f"x{i}y", "display"),
        (lambda i: "same", None),
        (lambda i: "", None),
    ],
)
def test_roles_of_items(
    values: Callable[[int], object], expected: object, drafted: Drafted
) -> None:
    read = drafted(
        plays_csv=PLAYS, items_csv=rows("item_id,thing", lambda i: f"i{i}", values, count=30)
    )
    assert (read["items"].get("columns") or {}).get("thing") == expected


def test_tables_that_are_not_used_are_named(drafted: Drafted, tmp_path: Path) -> None:
    drafted(plays_csv=PLAYS, towns_csv=rows("town,mayor", lambda i: f"t{i}", lambda i: f"m{i}"))
    (tmp_path / "notes.xlsx").write_bytes(b"PK")
    draft = describe([tmp_path])
    assert "# - towns.csv: no column of it holds the users' or the items' ids" in draft.text
    assert any(line.startswith("notes.xlsx is not used: ") for line in draft.decisions)


def test_items_that_name_a_user_are_items(drafted: Drafted) -> None:
    read = drafted(
        likes_csv=rows("user_id,post_id", user, item),
        posts_csv=rows(
            "post_id,user,topic", lambda i: f"i{i}", user, lambda i: "ab"[i % 2], count=30
        ),
    )
    assert (read["interactions"]["path"], read["items"]["path"]) == ("likes.csv", "posts.csv")
    assert read["items"]["columns"]["topic"] == "categorical"


def test_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text(PLAYS)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "items.csv").write_text(
        rows("item_id,n", lambda i: f"i{i}", lambda i: i)
    )
    draft = describe([tmp_path / "plays.csv", tmp_path / "deeper" / "items.csv"])
    assert draft.path == tmp_path / "dataset.yaml"
    assert yaml.safe_load(draft.text)["items"]["path"] == "deeper/items.csv"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no table"),
        ({"a.csv": "x,y\n1,2\n3,4\n"}, "no table holds interactions"),
        ({"a.txt": "only words\n"}, "a.txt: no delimiter is found in it"),
        ({"a.csv": ""}, "a.csv: no delimiter is found in it"),
    ],
)
def test_what_cannot_be_described(files: dict[str, str], words: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=words):
        describe([tmp_path])
    with pytest.raises(DataError, match="there is no file or folder"):
        describe([tmp_path / "none"])


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\0\ufeff", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, values=st.lists(NAMES, min_size=1, max_size=4), of_users=st.booleans())
def test_any_names_and_values_give_yaml_that_is_read_the_same(
    name: str, values: list[str], of_users: bool, tmp_path: Path
) -> None:
    plays = pd.DataFrame({"user_id": map(user, range(60)), "item_id": map(item, range(60))})
    plays.assign(**{f"x\n{name}": "x"}).to_csv(tmp_path / "plays.csv", index=False)
    key = "user_id" if of_users else "item_id"
    ids = [f"{'u' if of_users else 'i'}{i}" for i in range(30)]
    table = pd.DataFrame({key: ids, name: [values[i % len(values)] for i in range(30)]})
    table.to_csv(tmp_path / "about.csv", index=False)
    draft = describe([tmp_path])
    draft.path.write_text(draft.text, "utf-8")
    assert validate(draft.path).problems == ()
    draft.path.unlink()


def test_secrets_of_items_are_comments(drafted: Drafted, tmp_path: Path) -> None:
    films = rows(
        "item_id,kind,owner_email", lambda i: f"i{i}", lambda i: i % 3, lambda i: f"a{i}@b.c"
    )
    owners = rows("item_id,owner_phone", item, lambda i: f"+49 {i % 9}")
    read = drafted(plays_csv=PLAYS, films_csv=films, owners_csv=owners)
    text = (tmp_path / "dataset.yaml").read_text("utf-8")
    assert list(read["items"]["columns"]) == ["kind"]
    why = "# left out, it is called like a secret or a contact"
    assert f"    # owner_email: display  {why} ('email')" in text
    assert f"    # owner_phone: display  {why} ('phone')" in text
    assert validate(tmp_path / "dataset.yaml").ok
