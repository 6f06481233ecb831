"""No message about the users' table quotes a value of it, unless it is an id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from fixtures.commands import invoke

from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.datasets.describing import describe
from towhee_recsys.errors import DataError

PLAYS = "user_id,item_id\n" + "".join(f"{user},{item}\n" for user in (1, 2) for item in range(20))
NAMES = "user_id,age,password,phone\n"
GOOD = "1,20,CANARY1,CANARY+49\n"
LAST = "2,30,CANARY2,CANARY+50\n"


def people(folder: Path, content: str | bytes, users: str, name: str = "people.csv") -> Path:
    """A description of plays, and of users who are in this file."""
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    (folder / "plays.csv").write_text(PLAYS)
    path = folder / "dataset.yaml"
    path.write_text(f"interactions: {{path: plays.csv}}\nusers: {users}\n")
    return path


def messages(path: Path) -> Iterator[str]:
    """All that is said about refused data."""
    report = validate(path)
    assert not report.ok
    yield str(report)
    yield "\n".join(map(repr, [*report.problems, *report.warnings]))
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    yield str(caught.value)
    for words in (["validate", str(path)], ["validate", str(path), "--json"]):
        result = invoke(path.parent / "home", *words)
        yield result.stdout + result.stderr
    assert json.loads(result.stdout)["problems"]


MAIN = "{path: people.csv, columns: {age: number}}"
ALSO = "{also: [{path: people.csv, columns: {age: number}}]}"
BOTH = pytest.mark.parametrize("users", [MAIN, ALSO], ids=["users", "also"])


@BOTH
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (NAMES + GOOD + "2,30,CANARY2,CANARY+50,CANARY\n", "row 3: 5 fields"),
        (
            (NAMES + GOOD + "2,30,CANARYé,CANARY+50\n").encode("latin-1"),
            "byte 0xe9 at position 61 (row 3)",
        ),
        (GOOD + LAST, "first line has 4 fields"),
        ("1,20,CANARY,CANARY\n", "fields 3 and 4 of its first line are the same"),
        (NAMES + GOOD + "2,CANARY,x,y\n", "is not a number (row 3)"),
        (NAMES.replace("age", "aged") + GOOD + LAST, "Did you mean 'aged'?"),
    ],
    ids=["ragged", "encoding", "no header", "same fields", "number", "name"],
)
def test_text_files(tmp_path: Path, users: str, content: str | bytes, says: str) -> None:
    path = people(tmp_path, content, users)
    for said in messages(path):
        assert "CANARY" not in said
    assert says in str(validate(path))


@pytest.mark.parametrize("header", ["[user_id, age]", "[user_id, age, c, d, e]"])
def test_a_header_that_does_not_fit(tmp_path: Path, header: str) -> None:
    users = f"{{path: people.csv, read: {{header: {header}}}, columns: {{age: number}}}}"
    for said in messages(people(tmp_path, GOOD + LAST, users)):
        assert "CANARY" not in said


def test_another_delimiter(tmp_path: Path) -> None:
    users = '{path: people.csv, read: {delimiter: ";"}, columns: {age: number}}'
    path = people(tmp_path, GOOD + LAST, users)
    for said in messages(path):
        assert "CANARY" not in said
    assert "its delimiter seems to be ','" in str(validate(path))
    users = "{path: people.csv, user_id: user, columns: {age: number}}"
    path = people(tmp_path, "CANARY CANARY\n1 20\n", users)
    for said in messages(path):
        assert "CANARY" not in said
    assert "has one column, and no delimiter is found" in str(validate(path))


@BOTH
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"user_id": 2, "password": "CANARY"', "is not a JSON object (row 2)"),
        ('{"user_id": 2, "age": "CANARY", "password": "CANARY"}', "is not a number (row 2)"),
    ],
)
def test_json_lines(tmp_path: Path, users: str, line: str, says: str) -> None:
    first = '{"user_id": 1, "age": 20, "password": "CANARY1"}\n'
    users = users.replace("people.csv", "people.jsonl")
    path = people(tmp_path, first + line + "\n", users, "people.jsonl")
    for said in messages(path):
        assert "CANARY" not in said
    assert says in str(validate(path))


def test_named_columns_are_not_quoted_and_ids_are(tmp_path: Path) -> None:
    wrong = NAMES + "1,20,x,+49 CANARY\n1,30,x,+49 CANARY\n"
    path = people(tmp_path, wrong, "{path: people.csv, columns: {phone: number}}")
    for said in messages(path):
        assert "CANARY" not in said
    report = str(validate(path))
    assert "column 'phone': is not a number (row 2, row 3)" in report
    assert "the id is there already (row 3: '1')" in report


def test_frames() -> None:
    plays = pd.DataFrame({"user_id": [1, 2] * 10, "item_id": range(20)})
    users = pd.DataFrame({"user_id": [1, 2], "phone": ["+49 CANARY", "+50 CANARY"]})
    with pytest.raises(DataError) as caught:
        Dataset.from_frames(plays, users=users, user_columns={"phone": "number"})
    assert "column 'phone': is not a number (row 0, row 1)" in str(caught.value)
    broken = users.assign(password=pd.Series(["CANARY\ud800", ""], dtype=object))
    with pytest.raises(DataError, match="column 'password': a value is no Unicode") as caught:
        Dataset.from_frames(plays, users=broken)
    assert "CANARY" not in str(caught.value)


def test_items_and_interactions_are_quoted(tmp_path: Path) -> None:
    path = people(tmp_path, NAMES + GOOD + LAST, MAIN)
    (tmp_path / "plays.csv").write_text(PLAYS + "1,2,3,4\n")
    assert "(row 42: '1,2,3,4')" in str(validate(path))


def test_init_quotes_nothing_of_a_table_that_it_cannot_read(tmp_path: Path) -> None:
    people(tmp_path, "CANARY,CANARY\nx,y\n", MAIN)
    draft = describe([tmp_path])
    assert "people.csv" in draft.text
    assert "CANARY" not in draft.text + "".join(draft.decisions)
