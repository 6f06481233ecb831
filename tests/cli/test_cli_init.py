"""``init``, and all that follows from what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.commands import invoke
from fixtures.folders import FOLDERS, USERS

SOMEBODY = {
    "restaurants": "U1001",
    "music": "2",
    "films": "1",
    "books": "276725",
    "shop": "c0000",
}
"""A user of each folder."""


def test_init_writes_a_description_and_says_what_is_next(tmp_path: Path) -> None:
    FOLDERS["films"](tmp_path)
    done = invoke(tmp_path, "init", str(tmp_path))
    assert done.exit_code == 0
    assert "interactions: ratings.csv, 1,513 rows; users are in 'userId'" in done.stdout
    path = tmp_path / "dataset.yaml"
    assert f"  towhee-recsys validate {path}\n  towhee-recsys train --data {path}" in done.stdout
    assert invoke(tmp_path, "validate", str(path)).exit_code == 0


def test_init_keeps_what_is_there(tmp_path: Path) -> None:
    FOLDERS["music"](tmp_path)
    path = tmp_path / "dataset.yaml"
    path.write_text("mine")
    refused = invoke(tmp_path, "init", str(tmp_path))
    assert refused.exit_code == 1
    assert f"{path} is there already" in refused.stderr
    assert path.read_text() == "mine"
    done = invoke(tmp_path, "init", str(tmp_path), "--force", "--json")
    assert json.loads(done.stdout)["path"] == str(path)
    assert "user_artists.dat" in path.read_text()


def test_init_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("town,mayor\na,b\n")
    failed = invoke(tmp_path, "init", str(tmp_path), "--force")
    assert failed.exit_code == 1
    assert "no table holds interactions" in failed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["towns.csv"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("restaurants", "U1001"),
        ("music", "2"),
        ("films", "1"),
        ("books", "276725"),
        ("shop", "c0000"),
    ],
)
def test_from_tables_to_recommendations_without_an_edit(
    name: str, user: str, tmp_path: Path
) -> None:
    folder, home = tmp_path / name, tmp_path / "home"
    folder.mkdir()
    FOLDERS[name](folder)
    path = str(folder / "dataset.yaml")
    for words in (
        ("init", str(folder)),
        ("validate", path),
        ("train", "--data", path, "--epochs", "0.2"),
        ("ingest",),
    ):
        done = invoke(home, *words)
        assert done.exit_code == 0, done.output
    answer = json.loads(invoke(home, "recommend", user, "--top-k", "5", "--json").stdout)
    assert len({one["item_id"] for one in answer["recommendations"]}) == 5
    assert {one["route"] for one in answer["recommendations"]} == {"personal"}
    status = json.loads(invoke(home, "status", "--json").stdout)
    assert status["users"] == USERS
    for file in home.rglob("*"):
        assert not file.is_file() or b"someone7@example.org" not in file.read_bytes()
