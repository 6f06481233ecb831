"""Operators that write and read records, with Redis, MySQL and the embedded store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Oracle, Stack, ids
from towhee import ops

import towhee_recsys.operators  # noqa: F401
from towhee_recsys import Dataset


@pytest.fixture(params=["embedded_url", "redis_url", "mysql_url"])
def store(request: pytest.FixtureRequest) -> tuple[Any, Any, str]:
    """The insert operator, the lookup operator and the URL of a store."""
    url = request.getfixturevalue(request.param)
    if request.param == "mysql_url":
        return ops.recsys.mysql_insert, ops.recsys.mysql_lookup, url
    return ops.recsys.redis_insert, ops.recsys.redis_lookup, url


def test_written_records_are_read_back(store: tuple[Any, Any, str]) -> None:
    insert, lookup, url = store
    films = [
        {"item_id": 990_001, "title": "Ä"},
        {"item_id": 990_002, "genres": ["x"], "year": None},
    ]
    for _ in range(2):
        assert insert(url=url)(films) == 2
    assert lookup(url=url)([990_002, 990_003, 990_001]) == [films[1], {}, films[0]]
    assert insert(url=url, kind="users")([{"user_id": 990_001, "age": 3}]) == 1
    assert lookup(url=url, kind="users")([990_001, 7_777_777]) == [
        {"user_id": 990_001, "age": 3},
        {},
    ]
    met = [{"user_id": 990_001, "item_id": item, "timestamp": 9.0 - item} for item in (1, 2)]
    assert insert(url=url, kind="interactions")(met) == 2
    assert insert(url=url, kind="interactions")(met) == 0
    assert lookup(url=url, kind="histories")([990_001, 7_777_777]) == [[2, 1], []]
    histories = ([990_001, 990_002], [[3], [1, 2]], [[0.0], [1.0, 2.0]])
    assert insert(url=url, kind="histories")(histories) == 3
    assert insert(url=url, kind="histories")(histories) == 0
    assert lookup(url=url, kind="histories")([990_001, 990_002]) == [[3, 2, 1], [1, 2]]
    assert lookup(url=url)([]) == []


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ops.recsys.redis_insert(url="mysql+pymysql://h/d").get_op(), "starts with redis"),
        (lambda: ops.recsys.mysql_lookup(url="redis://h").get_op(), "starts with mysql"),
        (lambda: ops.recsys.redis_insert(url="redis://h", kind="things").get_op(), "interactio"),
        (lambda: ops.recsys.redis_lookup(url="redis://h", kind="things").get_op(), "'things'"),
    ],
)
def test_wrong_settings_are_refused(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(RuntimeError, match=says):  # Towhee raises no other type
        make()


def test_pipelines_with_mysql_and_a_milvus_server(
    mysql_url: str,
    milvus_server_uri: str,
    sample_bundle_path: Path,
    sample_dataset: Dataset,
    sample_oracle: Oracle,
    ask: Callable[[Any], Any],
    tmp_path: Path,
) -> None:
    stack = Stack(tmp_path, sample_bundle_path, store_url=mysql_url, milvus_uri=milvus_server_uri)
    assert stack.ingest(sample_dataset)["items"] == 300
    there = stack.recommend()
    for request in (42, {}, {"user_id": 7, "filter": {"genres": "Comedy", "year": {"gt": 1990}}}):
        assert ids(there(request)) == ids(ask(request))
        assert there(request)[0]["title"] == ask(request)[0]["title"]


def test_new_interaction_counts_at_once(
    sample_bundle_path: Path, sample_dataset: Dataset, sample_oracle: Oracle, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, sample_bundle_path)
    stack.ingest(sample_dataset)
    ask = stack.recommend()
    for user in (42, 10**6):
        before = {one["item_id"]: one["score"] for one in ask({"user_id": user, "top_k": 300})}
        first = next(iter(before))
        rate = ops.recsys.redis_insert(url=stack.settings["store_url"], kind="interactions")
        assert rate([{"user_id": user, "item_id": first}]) == 1
        after = {one["item_id"]: one["score"] for one in ask({"user_id": user, "top_k": 300})}
        assert before.keys() - after.keys() == {first}
        assert sum(abs(after[item] - before[item]) > 1e-3 for item in after) > 250
        history = [*sample_oracle.histories.get(user, []), first]
        scores = sample_oracle.scores(sample_oracle.users.get(user, {}), history)
        assert after == pytest.approx({i: s for i, s in scores.items() if i in after}, abs=1e-4)
