"""Operators in other pipes: in every kind of node, copied, batched and profiled."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from fixtures.stack import Oracle, Stack, ids
from towhee import DataCollection, ops, pipe

from towhee_recsys import Bundle, ItemEncoder, operators

USERS: list[dict[str, Any]] = [{"history": [1, 50, 260]}, {"user": {"gender": "F"}}, {}]


@pytest.fixture
def bundle(sample_stack: Stack) -> str:
    return sample_stack.settings["bundle"]


@pytest.fixture
def index(sample_stack: Stack, sample_bundle: Bundle) -> dict[str, str]:
    uri = sample_stack.settings["milvus_uri"]
    return {"uri": uri, "fingerprint": sample_bundle.fingerprint}


@pytest.fixture
def store(sample_stack: Stack) -> str:
    return sample_stack.settings["store_url"]


def test_flat_map_makes_a_row_for_each_list(bundle: str, index: dict[str, str]) -> None:
    p = (
        pipe.input("users")
        .map("users", "vectors", ops.recsys.user_encoder(bundle=bundle))
        .flat_map("vectors", "hits", ops.recsys.milvus_search(**index, top_k=3))
        .flat_map("hits", "hit", lambda hits: hits)
        .map("hit", "item_id", lambda hit: hit["item_id"])
        .output("item_id")
    )
    rows = [row[0] for row in p(USERS).to_list()]
    vectors = ops.recsys.user_encoder(bundle=bundle)(USERS)
    found = ops.recsys.milvus_search(**index, top_k=3)(vectors)
    assert rows == [one for hits in found for one in ids(hits)]
    assert len(rows) == 9


def test_window_encodes_batches(bundle: str, sample_bundle: Bundle, sample_oracle: Oracle) -> None:
    films = list(sample_oracle.items.values())[:25]
    p = (
        pipe.input("films")
        .flat_map("films", "film", lambda films: films)
        .window("film", "vectors", 10, 10, ops.recsys.item_encoder(bundle=bundle))
        .output("vectors")
    )
    parts = [row[0] for row in p(films).to_list()]
    assert [part.shape for part in parts] == [(10, 256), (10, 256), (5, 256)]
    np.testing.assert_allclose(
        np.concatenate(parts), ItemEncoder(sample_bundle).encode(films), atol=1e-5
    )


def test_window_all_encodes_all_rows_together(bundle: str, sample_oracle: Oracle) -> None:
    p = (
        pipe.input("films")
        .flat_map("films", "film", lambda films: films)
        .window_all("film", "vectors", ops.recsys.item_encoder(bundle=bundle))
        .output("vectors")
    )
    assert p(list(sample_oracle.items.values())[:7]).get()[0].shape == (7, 256)


def test_two_searches_in_one_pipeline(bundle: str, index: dict[str, str], store: str) -> None:
    """One answer has the hits of both searches."""
    start = pipe.input("users").map("users", "vectors", ops.recsys.user_encoder(bundle=bundle))
    best = start.map("vectors", "best", ops.recsys.milvus_search(**index, top_k=2))
    new = start.map("vectors", "more", ops.recsys.milvus_search(**index, top_k=4))
    p = best.concat(new).output("best", "more")
    found, more = p(USERS[:1]).get()
    assert ids(found[0]) == ids(more[0])[:2]
    assert len(more[0]) == 4


def test_single_record_is_a_batch_of_one(bundle: str) -> None:
    p = (
        pipe.input("film")
        .map("film", "vector", ops.recsys.item_encoder(bundle=bundle))
        .output("vector")
    )
    assert [q.get()[0].shape for q in p.batch([{"item_id": 1}, {"item_id": 2}])] == [(1, 256)] * 2


def test_missing_values_drop_no_rows(bundle: str, index: dict[str, str], store: str) -> None:
    """Towhee drops a row if one of its values is None."""
    p = (
        pipe.input("requests")
        .map("requests", "users", ops.recsys.user_lookup(url=store))
        .map("users", "vectors", ops.recsys.user_encoder(bundle=bundle))
        .map(("vectors", "users"), "found", ops.recsys.milvus_search(**index))
        .map("users", "items", lambda users: [10**9])
        .map("items", "records", ops.recsys.redis_lookup(url=store, kind="items"))
        .map("items", "people", ops.recsys.redis_lookup(url=store, kind="users"))
        .map("items", "pasts", ops.recsys.redis_lookup(url=store, kind="histories"))
        .output("users", "found", "records", "people", "pasts")
    )
    queue = p([{"user_id": 10**9}])
    assert queue.size == 1
    users, found, records, people, pasts = queue.get()
    assert users == [{"user_id": 10**9, "user": {}, "history": []}]
    assert len(found[0]) == 10
    assert (records, people, pasts) == ([{}], [{}], [[]])


def test_data_collection_shows_the_output(bundle: str, index: dict[str, str]) -> None:
    p = (
        pipe.input("users")
        .map("users", "vectors", ops.recsys.user_encoder(bundle=bundle))
        .map("vectors", "found", ops.recsys.milvus_search(**index, top_k=2))
        .output("vectors", "found")
    )
    shown = DataCollection(p(USERS))
    assert len(shown) == 1
    assert [len(hits) for hits in shown[0]["found"]] == [2, 2, 2]


def test_profiler_and_tracer_see_each_operator(bundle: str, index: dict[str, str]) -> None:
    p = (
        pipe.input("users")
        .map("users", "vectors", ops.recsys.user_encoder(bundle=bundle))
        .map("vectors", "found", ops.recsys.milvus_search(**index, top_k=2))
        .output("found")
    )
    seen = p.debug(USERS, profiler=True, tracer=True)
    assert seen.result.get() == p(USERS).get()
    assert {"recsys/user-encoder-0", "recsys/milvus-search-1"} <= set(seen.tracer.nodes)
    (traced,) = seen.tracer[0]["recsys/user-encoder-0"].outputs
    assert traced[0]["vectors"].shape == (3, 256)


def test_used_operators_can_be_added_to_a_pipe(
    bundle: str, index: dict[str, str], store: str
) -> None:
    """Towhee copies operators with each node, and connections cannot be copied."""
    encode = operators.UserEncoder(bundle)
    search, look_up = (
        operators.MilvusSearch(index["uri"], fingerprint=index["fingerprint"], top_k=2),
        operators.RedisLookup(store),
    )
    expected = search(encode(USERS))
    assert expected[0] is not None
    films = look_up(ids(expected[0]))
    p = (
        pipe.input("users")
        .map("users", "vectors", encode)
        .map("vectors", "found", search)
        .map("found", "films", lambda found: look_up(ids(found[0])))
        .output("found", "films")
    )
    assert p(USERS).get() == [expected, films]
    assert copy.deepcopy(search) is search
