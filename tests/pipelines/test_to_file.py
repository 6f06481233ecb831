"""Recommendations in a file: all users, each once, also after interruptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from fixtures.stack import Oracle, Stack, ids
from services.processes import free_port

from towhee_recsys.errors import ConfigError, RequestError, StoreUnavailable
from towhee_recsys.pipelines import RecommendConfig, call, recommend, recommend_to_file
from towhee_recsys.stores.opening import open_record_store

USERS = list(range(1, 51))
COLUMNS = ["user_id", "item_id", "score", "rank", "route"]


@pytest.fixture
def config(sample_stack: Stack) -> RecommendConfig:
    return RecommendConfig(**sample_stack.settings, top_k=3)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_jsonl_has_a_line_for_each_user(
    config: RecommendConfig, sample_stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    told: list[int] = []
    assert recommend_to_file(config, USERS, path, batch_size=20, progress=told.append) == 50
    found = lines(path)
    assert [one["user_id"] for one in found] == USERS
    expected = sample_stack.recommend(top_k=3)(USERS)
    assert [ids(one["recommendations"]) for one in found] == [ids(answer) for answer in expected]
    assert "title" in found[0]["recommendations"][0]
    assert told == [0, 20, 40, 50]
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


def test_parquet_has_a_row_for_each_recommendation(config: RecommendConfig, tmp_path: Path) -> None:
    recommend_to_file(config, USERS, tmp_path / "a.jsonl")
    recommend_to_file(config, USERS, tmp_path / "a.parquet")
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert list(table.columns) == COLUMNS
    expected = [
        (one["user_id"], film["item_id"], film["rank"])
        for one in lines(tmp_path / "a.jsonl")
        for film in one["recommendations"]
    ]
    rows = table[["user_id", "item_id", "rank"]].itertuples(index=False, name=None)
    assert list(rows) == expected
    recommend_to_file(config, [], tmp_path / "none.parquet")
    assert len(pd.read_parquet(tmp_path / "none.parquet")) == 0


@pytest.mark.parametrize("columns", [["title", "year", "genres"], []])
def test_chosen_columns_of_the_records(
    config: RecommendConfig, tmp_path: Path, columns: list[str], sample_oracle: Oracle
) -> None:
    for name in ("a.jsonl", "a.parquet"):
        recommend_to_file(config, USERS[:5], tmp_path / name, columns=columns)
    for one in lines(tmp_path / "a.jsonl"):
        for film in one["recommendations"]:
            assert set(film) == {*COLUMNS[1:], *columns}
            assert [film[name] for name in columns] == [
                sample_oracle.items[film["item_id"]][name] for name in columns
            ]
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == [*COLUMNS, *columns]
    if columns:
        assert list(map(str, table.schema.types))[-3:] == [
            "string",
            "int64",
            "list<element: string>",
        ]
        records = [sample_oracle.items[item] for item in table["item_id"].to_pylist()]
        for name in columns:
            assert table[name].to_pylist() == [record[name] for record in records]


def test_wrong_columns_are_refused(config: RecommendConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'titel', which items do not have. Did you mean 'title"):
        recommend_to_file(config, USERS, tmp_path / "a.parquet", columns=["titel"])
    with pytest.raises(ConfigError, match="columns is the text 'title'; give a list"):
        recommend_to_file(config, USERS, tmp_path / "a.parquet", columns="title")
    with pytest.raises(Stopped):
        recommend_to_file(config, USERS, tmp_path / "a.jsonl", 10, stop_at(10), columns=["title"])
    with pytest.raises(ConfigError, match="was begun with another model, other settings"):
        recommend_to_file(config, USERS, tmp_path / "a.jsonl", columns=["year"])


class Stopped(Exception):
    pass


def stop_at(number: int) -> Any:
    def progress(done: int) -> None:
        if done >= number:
            raise Stopped

    return progress


@pytest.mark.parametrize("broken", [b"", b'{"user_id": 41, "recomm', b"\xff"])
def test_interrupted_run_continues(config: RecommendConfig, tmp_path: Path, broken: bytes) -> None:
    path, part = tmp_path / "a.jsonl", tmp_path / "a.jsonl.part"
    with pytest.raises(Stopped):
        recommend_to_file(config, USERS, path, batch_size=10, progress=stop_at(40))
    assert not path.exists()
    with part.open("ab") as file:
        file.write(broken)
    told: list[int] = []
    assert recommend_to_file(config, USERS, path, batch_size=10, progress=told.append) == 50
    assert told == [40, 50]
    assert [one["user_id"] for one in lines(path)] == USERS


def test_part_file_of_other_settings_is_refused(config: RecommendConfig, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(Stopped):
        recommend_to_file(config, USERS, path, batch_size=10, progress=stop_at(10))
    before = (tmp_path / "a.jsonl.part").read_bytes()
    other = config.model_copy(update={"top_k": 4})
    for settings, users in ((other, USERS), (config, USERS[::-1])):
        with pytest.raises(ConfigError, match="was begun with another model, other settings or o"):
            recommend_to_file(settings, users, path)
    assert (tmp_path / "a.jsonl.part").read_bytes() == before


def test_wrong_users_and_wrong_file_names_are_refused(
    config: RecommendConfig, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match="request 1: user_id has 'x'"):
        recommend_to_file(config, [1, "x"], tmp_path / "a.jsonl")
    assert not (tmp_path / "a.jsonl").exists()
    with pytest.raises(ConfigError, match=r"the name must end in \.jsonl or \.parquet"):
        recommend_to_file(config, USERS, tmp_path / "a.csv")
    for size in (0, -1, 10_001):
        with pytest.raises(ConfigError, match=f"batch_size is {size}; give 1 to 10,000"):
            recommend_to_file(config, USERS, tmp_path / "a.jsonl", batch_size=size)
    with pytest.raises(ConfigError, match="is not a folder; create it first"):
        recommend_to_file(config, USERS, tmp_path / "nowhere" / "a.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl.part"]


def test_degraded_answers_are_not_written(config: RecommendConfig, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(Stopped):
        recommend_to_file(config, USERS, path, batch_size=10, progress=stop_at(10))
    lost = config.model_copy(update={"milvus_uri": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(StoreUnavailable, match="the answers from user 10 on lack index"):
        recommend_to_file(lost, USERS, path, batch_size=10)
    told: list[int] = []
    assert recommend_to_file(config, USERS, path, batch_size=20, progress=told.append) == 50
    assert told == [10, 30, 50]
    assert set(pd.read_parquet(path)["route"]) == {"personal"}


def test_second_writer_is_refused(config: RecommendConfig, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def meanwhile(done: int) -> None:
        with pytest.raises(ConfigError, match=r"is being written by another process"):
            recommend_to_file(config, USERS, path)

    assert recommend_to_file(config, USERS, path, progress=meanwhile) == 50
    assert [one["user_id"] for one in lines(path)] == USERS


def test_users_and_rules_can_be_numpy_values_and_sets(
    config: RecommendConfig, tmp_path: Path
) -> None:
    rules = [{"filter": {"genres": {"Comedy", "Drama", "Action"}, "year": {"gte": np.int64(1980)}}}]
    ruled = RecommendConfig(**{**config.model_dump(), "rules": rules})
    path = tmp_path / "a.jsonl"
    with pytest.raises(Stopped):
        recommend_to_file(ruled, np.array(USERS), path, batch_size=10, progress=stop_at(10))
    assert recommend_to_file(ruled, iter(USERS), path) == 50
    assert [one["user_id"] for one in lines(path)] == USERS
    assert all(film["year"] >= 1980 for one in lines(path) for film in one["recommendations"])


def test_column_types_do_not_depend_on_the_rows(config: RecommendConfig, tmp_path: Path) -> None:
    asked = config.model_copy(update={"calibrate": True, "explain": 2})
    schemas = []
    for name, users in {"some.parquet": USERS, "none.parquet": []}.items():
        recommend_to_file(asked, users, tmp_path / name)
        schemas.append(pq.read_schema(tmp_path / name))
    assert schemas[0] == schemas[1]
    first = pq.read_table(tmp_path / "some.parquet").to_pylist()[0]
    expected = call(recommend(asked), USERS)[0][0]
    assert list(first) == [*COLUMNS, "probability", "because"]
    assert [first[name] for name in COLUMNS[1:]] == [expected[name] for name in COLUMNS[1:]]
    assert first["probability"] == expected["probability"]
    reasons = [{n: one[n] for n in ("item_id", "contribution")} for one in expected["because"]]
    assert first["because"] == reasons


def test_part_file_from_before_something_was_forgotten_is_refused(
    config: RecommendConfig, tmp_path: Path
) -> None:
    """Its answers may be of the forgotten, or follow from what is forgotten."""
    path = tmp_path / "a.jsonl"
    with pytest.raises(Stopped):
        recommend_to_file(config, USERS, path, batch_size=10, progress=stop_at(10))
    with open_record_store(str(config.store_url)) as store:
        store.forget_users([-77])  # somebody else
        with pytest.raises(Stopped):
            recommend_to_file(config, USERS, path, batch_size=10, progress=stop_at(20))
        store.remove_interactions(USERS[0], [-5])
        with pytest.raises(ConfigError, match="or before something was forgotten"):
            recommend_to_file(config, USERS, path)
        store.restore_forgotten([*USERS, -77])
    assert recommend_to_file(config, USERS, path) == len(USERS)
