"""``rate``, ``forget`` and ``export-user``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fixtures.commands import invoke
from fixtures.stack import Oracle

from towhee_recsys import Dataset


def test_rate_and_forget_say_what_they_did(ingested: Path, sample_oracle: Oracle) -> None:
    title = sample_oracle.items[1]["title"]
    said = [
        invoke(ingested, *words).stdout
        for words in (
            ["rate", "999", "1"],
            ["rate", "999", "1"],
            ["forget", "999", "1"],
            ["forget", "999", "1"],
            ["rate", "999", "1"],
            ["forget", "999"],
            ["forget", "999"],
            ["forget", "997"],
            ["forget", "996", "2"],
        )
    ]
    out = "From now on `ingest` leaves"
    assert said == [
        f"Added {title} to user 999's history.\n",
        f"{title} is already in user 999's history; nothing changed.\n",
        f"Removed item 1 from user 999's history. {out} it out.\n",
        "Item 1 of user 999 is forgotten already; nothing changed.\n",
        f"Added {title} to user 999's history.\n",
        f"Removed user 999's record and history. {out} the user out.\n",
        "User 999 is forgotten already; nothing changed.\n",
        f"Nothing is known about user 997. {out} the user out.\n",
        f"Item 2 is not in user 996's history. {out} it out.\n",
    ]


def test_rate_says_that_a_forgotten_user_is_back(ingested: Path) -> None:
    assert invoke(ingested, "rate", "994", "1").stderr == ""
    invoke(ingested, "forget", "994", "1")
    back = "was forgotten; this new interaction counts.\n"
    assert invoke(ingested, "rate", "994", "1").stderr == f"Item 1 of user 994 {back}"
    assert invoke(ingested, "rate", "994", "2").stderr == ""
    invoke(ingested, "forget", "994")
    assert invoke(ingested, "rate", "994", "3", "--json").stderr == f"User 994 {back}"
    assert invoke(ingested, "rate", "994", "3").stderr == ""


def test_rate_and_forget_as_json(ingested: Path) -> None:
    rated = invoke(ingested, "rate", "998", "1", "--json")
    assert json.loads(rated.stdout) == {"user_id": 998, "item_id": 1, "new": True}
    gone = invoke(ingested, "forget", "998", "--json")
    assert json.loads(gone.stdout) == {
        "user_id": 998,
        "item_id": None,
        "removed": True,
        "left": None,
    }


def test_what_a_server_keeps_is_said(trained: Path, mysql_url: str) -> None:
    words = ["--store-url", mysql_url, "forget", "99007"]
    said = invoke(trained, *words)
    assert "From now on `ingest` leaves the user out." in said.stdout
    assert "may keep their bytes" in said.stderr
    assert "may keep their bytes" in json.loads(invoke(trained, *words, "--json").stdout)["left"]


def test_export_user(ingested: Path, sample_oracle: Oracle, sample_dataset: Dataset) -> None:
    found = json.loads(invoke(ingested, "export-user", "44", "--json").stdout)
    interactions = found.pop("interactions")
    assert found == {
        "user_id": 44,
        "user": sample_oracle.users[44],
        "forgotten": {"user": False, "items": 0},
    }
    table = sample_dataset.interactions
    theirs = table[table["user_id"] == 44].sort_values("timestamp")
    assert interactions == theirs[["item_id", "timestamp"]].to_dict("records")
    said = invoke(ingested, "export-user", "44").stdout
    assert said.startswith("User 44: gender ")
    assert f"{len(theirs)} interactions, oldest first:\n  20" in said
    for item in theirs["item_id"]:
        assert sample_oracle.items[item]["title"] in said


def test_export_of_a_user_without_a_record(ingested: Path) -> None:
    invoke(ingested, "rate", "995", "1")
    assert "User 995: no record\n1 interaction:\n" in invoke(ingested, "export-user", "995").stdout
    invoke(ingested, "forget", "995", "2")
    said = invoke(ingested, "export-user", "995").stdout
    assert "Items that are forgotten for this user: 1." in said
    invoke(ingested, "forget", "995")
    assert "is on the list of the forgotten" in invoke(ingested, "export-user", "995").stdout
    found = json.loads(invoke(ingested, "export-user", "995", "--json").stdout)
    assert found == {
        "user_id": 995,
        "user": None,
        "interactions": [],
        "forgotten": {"user": True, "items": 1},
    }


def test_export_of_an_unknown_user_is_one_line(ingested: Path) -> None:
    for words in ([], ["--json"]):
        result = invoke(ingested, "export-user", "12345", *words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "Error: nothing is known about user 12345\n"


def test_ingest_says_what_it_leaves_out(ingested: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(ingested, tmp_path / "home"))
    data = ["ingest", "--data", "sample"]
    assert "forgotten" not in invoke(home, *data).stdout
    count = len(json.loads(invoke(home, "export-user", "42", "--json").stdout)["interactions"])
    invoke(home, "forget", "42")
    what = f"1 user and {count} interactions that"
    back = "--restore-forgotten brings them back"
    assert f"Left out {what} are forgotten; {back}.\n" in invoke(home, *data).stdout
    said = invoke(home, *data, "--restore-forgotten").stdout
    assert f"Restored {what} had been forgotten.\n" in said
    assert "forgotten" not in invoke(home, *data).stdout


def test_unknown_ids(ingested: Path) -> None:
    assert invoke(ingested, "rate", "new", "1").exit_code == 1
    assert "there is no item 999" in invoke(ingested, "rate", "1", "999").stderr
    assert "user_id is 'x'" in invoke(ingested, "forget", "x").stderr
