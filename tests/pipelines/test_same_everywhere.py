"""A request gets the same answer from Milvus Lite and from a Milvus server."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Oracle, Stack, ids

from towhee_recsys.datasets import Dataset

FILTERS: list[dict[str, Any]] = [
    {"genres": ["Comedy", "Drama"]},
    {"year": {"gte": 1990}, "not": {"genres": "Comedy"}},
    {"or": [{"genres": "Horror"}, {"year": {"lt": 1970}}]},
]


@pytest.fixture(scope="module")
def ask_server(
    sample_bundle_path: Path,
    sample_dataset: Dataset,
    sample_stack: Stack,
    milvus_server_uri: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Any], Any]:
    folder = tmp_path_factory.mktemp("same")
    store_url = sample_stack.settings["store_url"]
    stack = Stack(folder, sample_bundle_path, milvus_uri=milvus_server_uri, store_url=store_url)
    stack.ingest(sample_dataset)
    return stack.recommend()


def made(chance: random.Random, oracle: Oracle) -> dict[str, Any]:
    """A random request, for a known user, a new one or no user."""
    items = list(oracle.items)
    request: dict[str, Any] = {"top_k": chance.choice([1, 10, 50, 300])}
    if chance.random() < 0.7:
        request["user_id"] = chance.choice(list(oracle.users))
    if chance.random() < 0.5:
        request["history"] = chance.sample(items, chance.choice([0, 1, 20, len(items) - 5]))
    if chance.random() < 0.5:
        request["filter"] = chance.choice(FILTERS)
    request["seen"] = chance.choice(["exclude", "exclude", "include", "demote"])
    request["exclude"] = chance.sample(items, chance.choice([0, 3]))
    return request


def test_milvus_lite_and_a_server_give_the_same_answers(
    ask: Callable[[Any], Any], ask_server: Callable[[Any], Any], sample_oracle: Oracle
) -> None:
    chance = random.Random(0)
    requests = [made(chance, sample_oracle) for _ in range(150)]
    for request, here, there in zip(requests, ask(requests), ask_server(requests), strict=True):
        assert ids(here) == ids(there), request
        assert [one["route"] for one in here] == [one["route"] for one in there]
        assert [one["score"] for one in here] == pytest.approx(
            [one["score"] for one in there], abs=1e-4
        )
    assert ask(requests) == ask(requests)
