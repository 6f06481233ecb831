"""Quotes, decimal commas and blanks that would lose or change rows are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.errors import DataError


def described(folder: Path, content: str, name: str = "plays.csv", **keys: Any) -> Path:
    (folder / name).write_text(content, "utf-8")
    path = folder / "dataset.yaml"
    path.write_text(json.dumps({"interactions": {"path": name, **keys}}), "utf-8")
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    return [str(problem) for problem in caught.value.problems]


def comments(*odd: tuple[int, str]) -> str:
    """Fifty rows with a comment each; some are odd."""
    said = dict.fromkeys(range(2, 52), "fine") | dict(odd)
    return "user_id\titem_id\tcomment\n" + "".join(
        f"u{n}\ti{n % 7}\t{text}\n" for n, text in said.items()
    )


@pytest.mark.parametrize(
    ("odd", "follow"),
    [
        ([(20, '"wow')], "31 lines that look like rows follow before it is closed"),
        ([(20, '"wow'), (22, '"nice')], "2 lines that look like rows follow"),
        ([(20, '"wow'), (30, 'a disc of 5"')], "10 lines that look like rows follow"),
    ],
)
def test_open_quote_is_a_problem(tmp_path: Path, odd: list[tuple[int, str]], follow: str) -> None:
    text = comments(*odd)
    (message,) = told(described(tmp_path, text, "plays.tsv"))
    assert message.startswith(f"plays.tsv: row {odd[0][0]}: a quote opens, and {follow}")
    assert "read: {quotes: false}" in message
    path = described(tmp_path, text, "plays.tsv", read={"quotes": False})
    assert len(Dataset.load(path).interactions) == 50


def test_quote_that_is_never_closed_is_a_problem(tmp_path: Path) -> None:
    text = 'user_id,item_id,comment\nu1,i1,x\nu2,i2,"wow\nand more\n'
    (message,) = told(described(tmp_path, text))
    assert "row 3: a quote opens, and is not closed" in message


def test_open_quote_in_the_header_is_one_problem(tmp_path: Path) -> None:
    text = '"user_id\titem_id\n' + "".join(f"u{n}\ti{n}\n" for n in range(50))
    (message,) = told(described(tmp_path, text, "plays.tsv"))
    assert "row 1: a quote opens, and is not closed" in message


def test_open_quote_in_a_large_file_is_a_problem(tmp_path: Path) -> None:
    rows = "".join(f"u{n},i{n % 50},{'x' * 40}\n" for n in range(60_000))
    text = "user_id,item_id,comment\n" + 'u1,i1,"wow\n' + rows
    (message,) = told(described(tmp_path, text))
    assert "row 2: a quote opens, and 60,000 lines that look like rows follow" in message


def test_values_of_several_lines_are_read(tmp_path: Path) -> None:
    lines = 'a\n\nb, c and d\n""quoted"", as it ought to be'
    text = f'user_id,item_id,comment\nu1,i1,"{lines}"\nu2,i2,x\n'
    dataset = Dataset.load(described(tmp_path, text))
    assert len(dataset.interactions) == 2
    assert dataset.warnings == ()


def test_line_that_looks_like_a_row_by_chance_is_a_warning(tmp_path: Path) -> None:
    text = 'user_id,item_id,comment\nu1,i1,"first\none, two, three"\nu2,i2,x\nu3,i3,"a\nb,c,d"\n'
    dataset = Dataset.load(described(tmp_path, text))
    assert len(dataset.interactions) == 3
    (warning,) = dataset.warnings
    assert "what looks like a row follows before it is closed (row 2, row 5)" in str(warning)


def test_escaped_quotes(tmp_path: Path) -> None:
    text = 'item_id;title\ni1;"The \\"best\\"; of all"\ni2;"C"\n'
    (tmp_path / "items.csv").write_text(text)
    items: dict[str, Any] = {"path": "items.csv", "columns": {"title": "text"}}
    plays = {"path": "plays.csv"}
    (tmp_path / "plays.csv").write_text("user_id,item_id\nu1,i1\nu2,i2\n")
    path = tmp_path / "dataset.yaml"
    path.write_text(json.dumps({"interactions": plays, "items": items}))
    (message,) = told(path)
    assert 'write read: {escape: "\\\\"}' in message
    items["read"] = {"escape": "\\"}
    path.write_text(json.dumps({"interactions": plays, "items": items}))
    assert Dataset.load(path).items["title"].tolist() == ['The "best"; of all', "C"]


@pytest.mark.parametrize("escape", ["", "ab", '"', " ", "é"])
def test_escape_is_one_character(tmp_path: Path, escape: str) -> None:
    (message,) = told(described(tmp_path, "user_id,item_id\nu1,i1\n", read={"escape": escape}))
    assert "escape" in message


@pytest.mark.parametrize(
    ("header", "keys"),
    [
        (False, {"user_id": 1, "item_id": 2, "rating": 3}),
        (["user_id", "item_id", "rating"], {}),
    ],
)
def test_decimal_comma_is_no_delimiter(
    tmp_path: Path, header: object, keys: dict[str, Any]
) -> None:
    read = {"header": header, "decimal": ","}
    text = "7;30;3,5\n8;31;4,0\n8;30;2,5\n"
    found = Dataset.load(described(tmp_path, text, read=read, **keys)).interactions
    assert found["user_id"].tolist() == [7, 8, 8]
    assert found["rating"].tolist() == [3.5, 4.0, 2.5]


def test_labels_between_numbers_leave_the_comma(tmp_path: Path) -> None:
    text = "7,30,1|2\n8,31,2|3\n"
    path = described(tmp_path, text, read={"header": ["user_id", "item_id", "kinds"]})
    assert Dataset.load(path).users["user_id"].tolist() == [7, 8]


def test_file_of_one_column(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text('user_id,item_id\nu1,"a, b"\nu2,c\n')
    (tmp_path / "items.csv").write_text("item_id\na, b\nc\n")
    path = tmp_path / "dataset.yaml"
    items: dict[str, Any] = {"path": "items.csv", "columns": {}}
    path.write_text(json.dumps({"interactions": {"path": "plays.csv"}, "items": items}))
    (message,) = told(path)
    assert "a line does not have 1 field (row 2: 'a,  b')".replace("  ", " ") in message
    assert 'read: {delimiter: "\\t"}' in message
    for read, text in (
        ({"delimiter": "\t"}, "item_id\na, b\nc\n"),
        ({"delimiter": "\t", "header": ["item_id"]}, "a, b\nc\n"),
    ):
        (tmp_path / "items.csv").write_text(text)
        items["read"] = read
        path.write_text(json.dumps({"interactions": {"path": "plays.csv"}, "items": items}))
        assert Dataset.load(path).items["item_id"].tolist() == ["a, b", "c"]


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        (["1.234", "12.500"], True),
        (["1.234", "7"], True),
        (["1.234", "0.500"], False),
        (["1.234", "12.5"], False),
        (["3", "4"], False),
    ],
)
def test_numbers_that_may_have_thousands_are_warned_of(
    tmp_path: Path, values: list[str], warned: bool
) -> None:
    rows = "".join(f"u{n},i{n},{value}\n" for n, value in enumerate(values))
    warnings = validate(described(tmp_path, "user_id,item_id,rating\n" + rows)).warnings
    found = [str(one) for one in warnings if "thousands" in str(one)]
    assert len(found) == warned
    assert not warned or "row 2: '1.234'" in found[0]


@pytest.mark.parametrize(
    ("users", "what"),
    [
        (["a ", "a", "b"], "another is it without them"),
        (["1", " 10", "3"], "all ids are texts and not integers"),
        (["a ", "b", "c d"], ""),
        (["1", "10", "3"], ""),
    ],
)
def test_blanks_around_ids_are_warned_of(tmp_path: Path, users: list[str], what: str) -> None:
    text = "user_id,item_id\n" + "".join(f"{user},i{n}\n" for n, user in enumerate(users))
    dataset = Dataset.load(described(tmp_path, text))
    assert sorted(dataset.users["user_id"].astype(str)) == sorted(users)
    assert [what in str(one) for one in dataset.warnings] == [True] * bool(what)


def test_blanks_that_tell_interactions_from_their_items(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("item_id\n10\n11\n")
    (tmp_path / "plays.csv").write_text("user_id,item_id\nu1, 10\nu2, 11\n")
    described = {"interactions": {"path": "plays.csv"}, "items": {"path": "items.csv"}}
    path = tmp_path / "dataset.yaml"
    path.write_text(json.dumps(described))
    (warning,) = [one for one in validate(path).warnings if "blanks" in str(one)]
    assert "plays.csv, column 'item_id'" in str(warning)
