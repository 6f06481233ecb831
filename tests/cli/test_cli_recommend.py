"""``recommend`` and ``similar``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.commands import invoke
from fixtures.stack import Oracle, ids


def test_a_history_replaces_the_stored_one(ingested: Path, sample_oracle: Oracle) -> None:
    seen = sample_oracle.histories[42]
    words = ["recommend", "42", "--history", ", ".join(map(str, seen[:9])), "--json", "-n", "300"]
    given = json.loads(invoke(ingested, *words).stdout)["recommendations"]
    assert set(ids(given)) == set(sample_oracle.items) - set(seen[:9])


def test_anyone_can_be_described(ingested: Path) -> None:
    words = ["recommend", "--user", '{"gender": "F"}', "--json", "--filter", '{"genres": "Comedy"}']
    features = json.loads(invoke(ingested, *words).stdout)
    assert features["user_id"] is None
    assert all("Comedy" in one["genres"] for one in features["recommendations"])
    assert {one["route"] for one in features["recommendations"]} == {"features"}


def test_the_table(ingested: Path) -> None:
    assert "personal" in invoke(ingested, "recommend", "42", "--seen", "include").stdout
    nothing = invoke(ingested, "recommend", "42", "--filter", '{"year": 1850}')
    assert nothing.stdout == "No items: all were seen, excluded, or removed by the filter.\n"
    assert nothing.exit_code == 0


def test_reasons_and_probabilities(
    ingested: Path, sample_oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["recommend", "42", "--explain", "2", "--calibrate", "--diversity", "0.5", "-n", "3"]
    answer = json.loads(invoke(ingested, *words, "--json").stdout)["recommendations"]
    for one in answer:
        assert 0 < one["probability"] < 1
        assert len(one["because"]) <= 2
    monkeypatch.setenv("COLUMNS", "120")
    explained = invoke(ingested, *words).stdout
    assert "likely" in explained
    assert sample_oracle.items[answer[0]["because"][0]["item_id"]]["title"] in explained


def test_everybody_into_a_file(ingested: Path, tmp_path: Path) -> None:
    everybody = invoke(ingested, "recommend", "--to", str(tmp_path / "all.jsonl"), "-n", "2")
    assert "Recommendations for 400 users are in " in everybody.stdout
    first_line = json.loads((tmp_path / "all.jsonl").read_text("utf-8").splitlines()[0])
    assert (first_line["user_id"], len(first_line["recommendations"])) == (1, 2)
    assert invoke(ingested, "recommend", "42", "--to", "x.jsonl").exit_code == 2
    assert "must end in .jsonl or .parquet" in invoke(ingested, "recommend", "--to", "x").stderr


def test_similar(ingested: Path) -> None:
    answer = json.loads(invoke(ingested, "similar", "1", "-n", "3", "--json").stdout)["similar"]
    shown = invoke(ingested, "similar", "1", "-n", "3").stdout
    assert "similar" in shown
    assert all(str(one["item_id"]) in shown for one in answer)
    assert "item 999 is not in the index" in invoke(ingested, "similar", "999").stderr
    refused = invoke(ingested, "similar", "1", "--filter", '{"x": 1}')
    assert "unknown column 'x'" in refused.stderr
