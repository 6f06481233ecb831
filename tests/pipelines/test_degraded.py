"""Degraded answers: what pipelines return if a part of the deployment fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Oracle, Stack, ids
from services.processes import free_port
from services.redis_server import redis_server
from towhee import ops

import towhee_recsys.operators  # noqa: F401
from towhee_recsys import Bundle
from towhee_recsys.errors import IndexMismatch, StoreUnavailable
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.types import Interaction

Ask = Callable[[Any], Any]


@pytest.fixture
def without_index(sample_stack: Stack) -> Ask:
    return sample_stack.recommend(milvus_uri=f"http://127.0.0.1:{free_port()}")


def test_unseen_popular_items_without_an_index(
    without_index: Ask, sample_oracle: Oracle, sample_bundle: Bundle
) -> None:
    counts = zip(sample_bundle.item_ids.values, sample_bundle.popularity.tolist(), strict=True)
    among_all = dict(counts)
    record, seen = sample_oracle.users[42], sample_oracle.histories[42]
    shares = Counter[Any]()
    for name in ("gender", "country"):
        alike = [u for u, other in sample_oracle.users.items() if other[name] == record[name]]
        met = Counter(item for user in alike for item in sample_oracle.histories[user][:-2])
        shares.update({item: count / met.total() / 2 for item, count in met.items()})
    order = sorted(shares, key=lambda item: (-round(shares[item], 12), -among_all[item], item))
    answer = without_index(42)
    assert ids(answer) == [item for item in order if item not in seen][:10]
    for one in answer:
        assert one["degraded"] == ["index"]
        assert one["route"] == "popular"
        assert one["popular_among"] == {name: record[name] for name in ("gender", "country")}
        assert one["title"] == sample_oracle.items[one["item_id"]]["title"]
    order = sorted(among_all, key=lambda item: (-among_all[item], item))
    assert ids(without_index({"history": seen})) == [i for i in order if i not in seen][:10]


def test_excluded_items_stay_out_without_an_index(without_index: Ask) -> None:
    first = ids(without_index({"user_id": 42}))
    assert ids(without_index({"user_id": 42, "exclude": first[:3]}))[:7] == first[3:]
    assert without_index([]) == []
    assert [one["degraded"] for one in without_index([1, 2])[1]] == [["index"]] * 10


def test_filter_is_refused_without_an_index(without_index: Ask) -> None:
    with pytest.raises(StoreUnavailable, match=r"Milvus at http://.* does not answer"):
        without_index({"user_id": 42, "filter": {"genres": "Comedy"}})


def test_missing_index_is_not_an_outage(sample_stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(IndexMismatch, match=r"there is no index at .*: run ingest first"):
        sample_stack.recommend(milvus_uri=str(tmp_path / "milvus.db"))(42)


def test_stray_event_breaks_no_request(sample_stack: Stack, ask: Ask, embedded_url: str) -> None:
    events: list[Interaction] = [
        {"user_id": 1, "item_id": one, "timestamp": float(t)} for t, one in enumerate((5, 9))
    ]
    with closing(open_record_store(embedded_url)) as store:
        store.add_interactions([*events, {"user_id": 1, "item_id": "50", "timestamp": 0.5}])
    stray = sample_stack.recommend(store_url=embedded_url)([1])[0]
    assert ids(stray) == ids(ask({"history": [5, 9]}))
    assert {one["route"] for one in stray} == {"personal"}


@pytest.mark.service
def test_ids_and_scores_without_a_record_store(
    sample_bundle_path: Path, sample_dataset: Any, ask: Ask, tmp_path: Path
) -> None:
    with redis_server(tmp_path / "redis") as port:
        stack = Stack(tmp_path, sample_bundle_path, store_url=f"redis://127.0.0.1:{port}/0")
        stack.ingest(sample_dataset)
        mine = stack.recommend()
        request = {"user": {"gender": "F"}, "history": [1, 2, 3]}
        assert ids(mine(request)) == ids(ask(request))
        whole = mine(42)
    bare = mine(request)
    assert ids(bare) == ids(ask(request))
    for one in bare:
        assert one.keys() == {"item_id", "score", "rank", "route", "degraded"}
        assert one["degraded"] == ["items"]
        assert one["route"] == "personal"
    # Without the store, the user is unknown.
    unknown = mine(42)
    assert ids(unknown) == ids(ask({}))
    assert ids(unknown) != ids(whole)
    assert [one["degraded"] for one in unknown] == [["users", "items"]] * 10
    assert mine({"user_id": 42, **request})[0]["degraded"] == ["items"]
    half = mine({"user_id": 42, "history": [1, 2, 3]})
    assert half[0]["degraded"] == ["users", "items"]
    assert ids(half) == ids(ask({"history": [1, 2, 3]}))


def test_item_without_a_record_is_marked(
    sample_stack: Stack, ask: Ask, tmp_path: Path, sample_oracle: Oracle
) -> None:
    whole = ask({"history": [1, 2, 3]})
    url = f"embedded://{tmp_path / 'store'}"
    there = [sample_oracle.items[item] for item in ids(whole)[1:]]
    with closing(open_record_store(url)) as store:
        store.put_items([{**one, "score": "best", "rank": 0} for one in there])
    answer = sample_stack.recommend(store_url=url)({"history": [1, 2, 3]})
    assert answer[0] == {
        "item_id": whole[0]["item_id"],
        "score": whole[0]["score"],
        "rank": 1,
        "route": "personal",
        "degraded": ["items"],
    }
    assert answer[1:] == whole[1:]  # a record cannot replace score and rank


def test_index_that_fails_after_the_search(sample_stack: Stack, sample_bundle: Bundle) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    model = {"bundle": sample_stack.settings["bundle"], "fingerprint": sample_bundle.fingerprint}
    route = ops.recsys.route(**model, uri=uri)
    nobody: dict[str, Any] = {"user": {}, "history": [], "top_k": 3}
    hits = [{"item_id": 7, "score": 1.0}]
    (answer,) = route([nobody], [hits])
    assert ids(answer) == ids(sample_stack.recommend(milvus_uri=uri, top_k=3)({}))
    assert [one["degraded"] for one in answer] == [["index"]] * 3
    with pytest.raises(StoreUnavailable, match="does not answer"):
        route([{**nobody, "filter": {"genres": "Comedy"}}], [hits])
