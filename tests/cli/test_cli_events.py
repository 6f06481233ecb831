"""``rate`` and ``forget``."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.commands import invoke
from fixtures.stack import Oracle


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
        )
    ]
    assert said == [
        f"Added {title} to user 999's history.\n",
        f"{title} is already in user 999's history; nothing changed.\n",
        "Removed item 1 from user 999's history.\n",
        "Item 1 is not in user 999's history; nothing changed.\n",
        f"Added {title} to user 999's history.\n",
        "Removed user 999's record and history.\n",
        "Nothing is known about user 999; nothing changed.\n",
    ]


def test_rate_and_forget_as_json(ingested: Path) -> None:
    rated = invoke(ingested, "rate", "998", "1", "--json")
    assert json.loads(rated.stdout) == {"user_id": 998, "item_id": 1, "new": True}
    gone = invoke(ingested, "forget", "998", "--json")
    assert json.loads(gone.stdout) == {"user_id": 998, "item_id": None, "removed": True}


def test_unknown_ids(ingested: Path) -> None:
    assert invoke(ingested, "rate", "new", "1").exit_code == 1
    assert "there is no item 999" in invoke(ingested, "rate", "1", "999").stderr
    assert "user_id is 'x'" in invoke(ingested, "forget", "x").stderr
