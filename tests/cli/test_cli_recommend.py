"""``recommend`` and ``similar``."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures.commands import invoke
from fixtures.stack import Oracle, ids
from services.processes import free_port

from towhee_recsys import Dataset, train
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.training import TrainingConfig


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


def test_the_table(ingested: Path, sample_oracle: Oracle) -> None:
    personal = invoke(ingested, "recommend", "42", "--seen", "include")
    assert "route" not in personal.stdout  # all rows have the same
    assert personal.stderr == ""
    seen = sample_oracle.items[sample_oracle.histories[42][0]]
    words = ["--filter", json.dumps({"year": seen["year"], "director": seen["director"]})]
    assert seen["title"] in invoke(ingested, "recommend", "42", "--seen", "include", *words).stdout


FILTERED: list[tuple[Any, str]] = [
    ({"genres": ["Comdy"]}, "No item has genres 'Comdy'. Did you mean 'Comedy'?"),
    ({"genres": {"all": ["Comedy", "drma"]}}, "No item has genres 'drma'. Did you mean 'Drama'?"),
    ({"not": {"not": {"director": "Ada Brindl"}}}, "Did you mean 'Ada Brindle'?"),
    ({"year": 1850}, 'No item passes the filter {"year": 1850}.'),
    ({"and": [{"genres": "Drama"}, {"year": {"lt": 0}}]}, 'filter {"year": {"lt": 0}}.'),
    (
        {"genres": {"all": ["Comedy"]}, "not": {"genres": "Comedy"}},
        "No item passes all conditions of the filter.",
    ),
]


@pytest.mark.parametrize(("filter", "says"), FILTERED, ids=[says for _, says in FILTERED])
def test_filter_that_nothing_passes_is_explained(ingested: Path, filter: Any, says: str) -> None:
    for words in (["recommend", "42"], ["recommend"], ["similar", "1"]):
        result = invoke(ingested, *words, "--filter", json.dumps(filter))
        assert (result.exit_code, result.stdout) == (0, "No items.\n")
        assert says in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_unknown_label_beside_a_known_one_is_named(ingested: Path) -> None:
    words = ["recommend", "42", "--filter", '{"genres": ["Comedy", "Drma"]}', "--json"]
    result = invoke(ingested, *words)
    assert len(json.loads(result.stdout)["recommendations"]) == 10
    assert result.stderr == "No item has genres 'Drma'. Did you mean 'Drama'?\n"


def test_everything_was_seen(ingested: Path, sample_oracle: Oracle) -> None:
    everything = ",".join(map(str, sample_oracle.items))
    words = ["recommend", "--history", everything]
    assert invoke(ingested, *words).stderr == "All items were seen or excluded.\n"
    passing = invoke(ingested, *words, "--filter", '{"genres": "Comedy"}')
    assert passing.stderr == "All items that pass the filter were seen or excluded.\n"


POPULAR = "showing what is popular."
UNKNOWN: list[tuple[list[str], str]] = [
    (["9999"], f"User 9999 is not known: {POPULAR}"),
    (["9999", "--user", '{"gender": "F"}'], "User 9999 is not known: using the description alone."),
    ([], f"No user is given: {POPULAR}"),
    (["--history", "1,998,999"], "Items 998 and 999 are not known to the model: left out of the"),
    (["--history", "999"], f"Nothing in the description is known: {POPULAR}"),
    (
        ["--user", '{"gender": "Q", "age": 25}'],
        "No user in training has gender 'Q'. Choose one of F, M.",
    ),
]


@pytest.mark.parametrize(("words", "says"), UNKNOWN, ids=[says for _, says in UNKNOWN])
def test_unknown_users_items_and_labels_are_named(
    ingested: Path, words: list[str], says: str
) -> None:
    for more in ([], ["--json"]):
        result = invoke(ingested, "recommend", *words, *more)
        assert result.exit_code == 0
        assert says in result.stderr
    assert len(json.loads(result.stdout)["recommendations"]) == 10


def test_users_of_whom_little_is_known(ingested: Path, embedded_url: str) -> None:
    with closing(open_record_store(embedded_url)) as store:
        store.put_users([{"user_id": 43, "gender": "F"}, {"user_id": 44, "gender": None}])
    words = ["--store-url", embedded_url, "recommend", "-n", "2"]
    features, popular = (invoke(ingested, *words, user).stderr for user in ("43", "44"))
    assert "User 43 has no history: recommending by the record alone.\n" in features
    assert f"Nothing that the model uses is known about user 44: {POPULAR}\n" in popular
    assert "The store gives no record of 2 of 2 items.\n" in popular


def test_unknown_user_among_text_ids(tmp_path: Path) -> None:
    (tmp_path / "plays.csv").write_text(
        "user_id,item_id\n" + "".join(f"u{i % 9},song {i % 7}\n" for i in range(63))
    )
    (tmp_path / "songs.csv").write_text(
        "item_id,year\n" + "".join(f"song {i},{1960 + i}.0\n" for i in range(6)) + "song 6,\n"
    )
    described = tmp_path / "dataset.yaml"
    described.write_text(
        "interactions: {path: plays.csv, user_id: user_id, item_id: item_id}\n"
        "items: {path: songs.csv, item_id: item_id, columns: {year: number}}\n"
    )
    home = tmp_path / "home"
    train(Dataset.load(described), TrainingConfig(epochs=1)).save(home / "bundle")
    assert invoke(home, "ingest", "--data", str(described)).stderr == ""
    result = invoke(home, "recommend", "NOBODY")
    assert result.stderr == f"User NOBODY is not known: {POPULAR}\n"
    assert "1965" in result.stdout
    assert "1965.0" not in result.stdout


def test_what_does_not_answer_is_named(ingested: Path) -> None:
    milvus = ["--milvus-uri", f"http://127.0.0.1:{free_port()}"]
    down = invoke(ingested, *milvus, "recommend", "42", "-n", "2")
    assert down.exit_code == 0
    assert "The index does not answer: showing what is popular among users with gender " in (
        down.stderr
    )


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
    words = ["--to", str(tmp_path / "all.parquet"), "-n", "2", "--columns", "title, year"]
    assert invoke(ingested, "recommend", *words).exit_code == 0
    table = pd.read_parquet(tmp_path / "all.parquet")
    assert list(table.columns[-2:]) == ["title", "year"]
    assert str(table["year"].dtype) == "int64"
    assert invoke(ingested, "recommend", "42", "--to", "x.jsonl").exit_code == 2
    assert "must end in .jsonl or .parquet" in invoke(ingested, "recommend", "--to", "x").stderr


def test_the_forgotten_are_in_no_file(ingested: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(ingested, tmp_path / "home"))
    path = tmp_path / "all.jsonl"
    words = ["recommend", "--to", str(path), "-n", "1"]
    assert invoke(home, *words).stderr == ""
    for user in ("42", "43", "44"):
        invoke(home, "forget", user)
    invoke(home, "rate", "44", "9")  # a new act
    result = invoke(home, *words)
    assert result.stderr == "Left out 2 users that are forgotten.\n"
    assert "Recommendations for 398 users are in " in result.stdout
    found = [json.loads(line)["user_id"] for line in path.read_text("utf-8").splitlines()]
    assert 41 in found
    assert 44 in found
    assert not {42, 43} & set(found)


def test_similar(ingested: Path) -> None:
    answer = json.loads(invoke(ingested, "similar", "1", "-n", "3", "--json").stdout)["similar"]
    shown = invoke(ingested, "similar", "1", "-n", "3").stdout
    assert all(str(one["item_id"]) in shown for one in answer)
    assert "item 999 is not in the index" in invoke(ingested, "similar", "999").stderr
    refused = invoke(ingested, "similar", "1", "--filter", '{"x": 1}')
    assert "unknown column 'x'" in refused.stderr
