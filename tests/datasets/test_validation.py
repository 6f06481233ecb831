"""`validate` reports what the data holds and what is wrong, without raising."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from towhee_recsys.datasets import validate

YAML = """\
interactions: {path: plays.csv}
items: {path: items.csv, columns: {title: text}}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "dataset.yaml").write_text(YAML)
    (tmp_path / "items.csv").write_text("item_id,title\na,A\nb,B\nc,C\n")
    plays = ["1,a,10", "1,b,20", "1,c,30", "2,a,86400", "2,a,5", "3,b,7"]
    (tmp_path / "plays.csv").write_text("user,item,timestamp\n" + "\n".join(plays) + "\n")
    return tmp_path / "dataset.yaml"


def test_report_of_good_data(source: Path) -> None:
    report = validate(source)
    assert report.ok
    assert (report.users, report.items, report.interactions) == (3, 3, 5)
    assert (report.user_ids, report.item_ids) == ("int", "str")
    assert (report.user_columns, report.item_columns) == ({}, {"title": "text"})
    assert report.first == "1970-01-01T00:00:05+00:00"
    assert report.last == "1970-01-01T00:00:30+00:00"
    assert report.sparsity == pytest.approx(1 - 5 / 9)
    assert report.short_histories == 2
    assert report.repeated == 1


def test_report_of_wrong_data(source: Path) -> None:
    (source.parent / "items.csv").write_text("item_id,title\na,A\na,B\n")
    report = validate(source)
    assert not report.ok
    assert [problem.file for problem in report.problems] == ["items.csv", "plays.csv"]
    assert (report.users, report.items, report.interactions) == (None, 2, 6)
    assert report.item_columns == {"title": "text"}
    assert "row 3" in report.to_dict()["problems"][0]


def test_report_of_a_missing_file() -> None:
    report = validate("nowhere.yaml")
    assert "no such file" in str(report.problems[0])
    assert report.items is None


def test_report_is_plain_data(source: Path) -> None:
    for report in (validate(source), validate("sample"), validate("nowhere.yaml")):
        assert json.loads(json.dumps(report.to_dict()))["ok"] == report.ok


def test_report_as_text(source: Path) -> None:
    text = str(validate(source))
    assert "3 users, 3 items, 5 interactions" in text
    assert "items  id (str), title (text)" in text
    assert "Nothing is wrong" not in text  # times of 1970, and three users
    assert "2 users have one interaction" in text
    source.with_name("items.csv").write_text("item_id,title\na,A\nb,B\n")
    assert "1 thing is wrong:\n- plays.csv, column 'item'" in str(validate(source))
