"""Many users to a file: all of them, once each, whatever comes in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures.stack import Stack, ids

from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.pipelines import RecommendConfig, recommend_to_file

USERS = list(range(1, 51))


@pytest.fixture
def config(sample_stack: Stack) -> RecommendConfig:
    return RecommendConfig(**sample_stack.settings, top_k=3)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_line_for_each_user(config: RecommendConfig, sample_stack: Stack, tmp_path: Path) -> None:
    path, told = tmp_path / "answers.jsonl", []
    assert recommend_to_file(config, USERS, path, batch_size=20, progress=told.append) == 50
    found = lines(path)
    assert [one["user_id"] for one in found] == USERS
    expected = sample_stack.recommend(top_k=3)(USERS)
    assert [ids(one["recommendations"]) for one in found] == [ids(answer) for answer in expected]
    assert "title" in found[0]["recommendations"][0]
    assert told == [0, 20, 40, 50]
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


def test_a_row_for_each_recommendation(config: RecommendConfig, tmp_path: Path) -> None:
    recommend_to_file(config, USERS, tmp_path / "a.jsonl")
    recommend_to_file(config, USERS, tmp_path / "a.parquet")
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert list(table.columns) == ["user_id", "item_id", "score", "rank", "route"]
    expected = [
        (one["user_id"], film["item_id"], film["rank"])
        for one in lines(tmp_path / "a.jsonl")
        for film in one["recommendations"]
    ]
    rows = table[["user_id", "item_id", "rank"]].itertuples(index=False, name=None)
    assert list(rows) == expected
    recommend_to_file(config, [], tmp_path / "none.parquet")
    assert len(pd.read_parquet(tmp_path / "none.parquet")) == 0


class Stopped(Exception):
    pass


def stop_at(number: int) -> Any:
    def progress(done: int) -> None:
        if done >= number:
            raise Stopped

    return progress


@pytest.mark.parametrize("broken", [b"", b'{"user_id": 41, "recomm', b"\xff"])
def test_what_was_cut_short_goes_on(config: RecommendConfig, tmp_path: Path, broken: bytes) -> None:
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


def test_what_was_begun_with_something_else_is_not_mixed_in(
    config: RecommendConfig, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(Stopped):
        recommend_to_file(config, USERS, path, batch_size=10, progress=stop_at(10))
    before = (tmp_path / "a.jsonl.part").read_bytes()
    other = config.model_copy(update={"top_k": 4})
    for settings, users in ((other, USERS), (config, USERS[::-1])):
        with pytest.raises(ConfigError, match="was begun with another model, other settings or o"):
            recommend_to_file(settings, users, path)
    assert (tmp_path / "a.jsonl.part").read_bytes() == before


def test_a_wrong_user_stops_it_and_a_wrong_name_does_not_begin(
    config: RecommendConfig, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match="request 1: user_id has 'x'"):
        recommend_to_file(config, [1, "x"], tmp_path / "a.jsonl")
    assert not (tmp_path / "a.jsonl").exists()
    with pytest.raises(ConfigError, match=r"the name must end in \.jsonl or \.parquet"):
        recommend_to_file(config, USERS, tmp_path / "a.csv")
