"""The operators as users of Towhee use them: by name, in their own pipes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.stack import Oracle, Stack, ids
from towhee import DataCollection, ops, pipe

from towhee_recsys import Bundle, ItemEncoder, UserEncoder, operators
from towhee_recsys.components.resources import Deployment, Resources
from towhee_recsys.errors import CollectionGone, RecsysError, RequestError
from towhee_recsys.pipelines import RecommendConfig, call, recommend

SOMEBODY = {"user": {"gender": "F", "age": 25}, "history": [1, 50, 260]}


@pytest.fixture
def model(sample_stack: Stack, sample_bundle: Bundle) -> dict[str, str]:
    return {"bundle": sample_stack.settings["bundle"], "fingerprint": sample_bundle.fingerprint}


@pytest.fixture
def index(sample_stack: Stack, sample_bundle: Bundle) -> dict[str, str]:
    uri = sample_stack.settings["milvus_uri"]
    return {"uri": uri, "fingerprint": sample_bundle.fingerprint}


def test_operators_are_found_by_name(
    sample_stack: Stack, model: dict[str, str], index: dict[str, str]
) -> None:
    url = sample_stack.settings["store_url"]
    mysql = "mysql+pymysql://u:p@127.0.0.1:1/x"
    reached: dict[str, tuple[dict[str, Any], type]] = {
        "answer": ({"url": url}, operators.Answer),
        "calibrate": (model, operators.Calibrate),
        "explain": ({**model, "uri": index["uri"]}, operators.Explain),
        "item_encoder": ({"bundle": model["bundle"]}, operators.ItemEncoder),
        "milvus_insert": (index, operators.MilvusInsert),
        "milvus_publish": (index, operators.MilvusPublish),
        "milvus_search": (index, operators.MilvusSearch),
        "mysql_insert": ({"url": mysql}, operators.MySQLInsert),
        "mysql_lookup": ({"url": mysql}, operators.MySQLLookup),
        "nearest_items": ({**model, "uri": index["uri"]}, operators.NearestItems),
        "read_request": ({"bundle": model["bundle"]}, operators.ReadRequest),
        "redis_insert": ({"url": url}, operators.RedisInsert),
        "redis_lookup": ({"url": url}, operators.RedisLookup),
        "rerank_mmr": (index, operators.RerankMMR),
        "route": ({**model, "uri": index["uri"]}, operators.Route),
        "rule_filter": ({"bundle": model["bundle"], "rules": []}, operators.RuleFilter),
        "score_threshold": ({"min_score": 0.5}, operators.ScoreThreshold),
        "user_encoder": ({"bundle": model["bundle"]}, operators.UserEncoder),
        "user_lookup": ({"url": url}, operators.UserLookup),
    }
    assert {kind.__name__ for _, kind in reached.values()} == set(operators.__all__)
    for name, (settings, kind) in reached.items():
        assert type(getattr(ops.recsys, name)(**settings).get_op()) is kind


def test_encoders_give_the_vectors_of_the_library(
    model: dict[str, str], sample_bundle: Bundle, sample_oracle: Oracle
) -> None:
    films = [sample_oracle.items[1], {"item_id": 10**9, "genres": ["Comedy"]}]
    vectors = ops.recsys.item_encoder(bundle=model["bundle"])(films)
    np.testing.assert_array_equal(vectors, ItemEncoder(sample_bundle).encode(films))
    vectors = ops.recsys.user_encoder(bundle=model["bundle"])([SOMEBODY])
    np.testing.assert_array_equal(vectors, UserEncoder(sample_bundle).encode([SOMEBODY]))
    assert vectors.shape == (1, 256)
    assert ops.recsys.user_encoder(bundle=model["bundle"])([]).shape == (0, 256)


def test_own_pipe_of_operators(
    sample_stack: Stack, index: dict[str, str], ask: Callable[[Any], Any]
) -> None:
    recsys = ops.recsys
    p = (
        pipe.input("users")
        .map("users", "vectors", recsys.user_encoder(bundle=sample_stack.settings["bundle"]))
        .map("vectors", "hits", recsys.milvus_search(**index, top_k=5))
        .map("hits", "ids", lambda hits: [[hit["item_id"] for hit in row] for row in hits])
        .map("ids", "items", lambda rows: [item for row in rows for item in row])
        .map("items", "films", recsys.redis_lookup(url=sample_stack.settings["store_url"]))
        .output("ids", "films")
    )
    found, films = p([SOMEBODY, {"user": {}}]).get()
    assert found[0] == ids(ask({**SOMEBODY, "seen": "include", "top_k": 5}))
    assert [film["item_id"] for film in films] == found[0] + found[1]


def test_search_applies_the_settings_of_each_request(
    model: dict[str, str], index: dict[str, str], ask: Callable[[Any], Any]
) -> None:
    vectors = ops.recsys.user_encoder(**model)([SOMEBODY, SOMEBODY])
    requests = [{**SOMEBODY, "top_k": 3}, {"filter": {"genres": "Comedy"}, "exclude": [1]}]
    mine, comedies = ops.recsys.milvus_search(**index, top_k=7)(vectors, requests)
    assert [hit["item_id"] for hit in mine] == ids(ask({**SOMEBODY, "top_k": 3}))
    wanted = {**SOMEBODY, "filter": {"genres": "Comedy"}, "exclude": [1], "seen": "include"}
    assert [hit["item_id"] for hit in comedies] == ids(ask({**wanted, "top_k": 7}))


def test_index_can_be_filled_with_operators(
    model: dict[str, str], sample_bundle: Bundle, sample_oracle: Oracle, tmp_path: Path
) -> None:
    index = {"uri": str(tmp_path / "mine.db"), "fingerprint": sample_bundle.fingerprint}
    films = list(sample_oracle.items.values())[:20]
    vectors = ops.recsys.item_encoder(**model)(films)
    insert = ops.recsys.milvus_insert(**index, attributes={"year": "number"})
    assert insert(films, vectors) == list(range(1, 21))
    with pytest.raises(Exception, match="there is no index"):
        ops.recsys.milvus_search(**index)(vectors[:1])
    with pytest.raises(Exception, match="holds 20 items after 21 were written; searches were not"):
        ops.recsys.milvus_publish(**index)(list(range(1, 22)))
    with pytest.raises(Exception, match="nothing to publish"):
        ops.recsys.milvus_publish(**index)([])
    assert ops.recsys.milvus_publish(**index)(list(range(1, 21))) == 20
    first = ops.recsys.milvus_search(**index, top_k=20)(vectors[:1])[0]
    assert sorted(hit["item_id"] for hit in first) == list(range(1, 21))
    with pytest.raises(Exception, match=r"vectors of model .* 0badcafe"):
        ops.recsys.milvus_search(uri=index["uri"], fingerprint="0badcafe")(vectors[:1])


def test_operators_share_resources(sample_stack: Stack) -> None:
    """Towhee copies the graph with each `.map`, and may create an operator more than once."""
    url = sample_stack.settings["store_url"]
    lookups = [ops.recsys.redis_lookup(url=url).get_op() for _ in range(64)]
    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(lambda lookup: lookup.resources.store, lookups))
    assert len(set(map(id, stores))) == 1
    with Resources(Deployment(store_url=url)) as mine:
        assert mine.store is stores[0]


def test_towhees_ways_of_calling(sample_stack: Stack) -> None:
    p = recommend(RecommendConfig(**sample_stack.settings))
    expected = [ids(p(user).get()[0]) for user in (1, 2, 3)]
    assert [ids(queue.get()[0]) for queue in p.batch([1, 2, 3])] == expected
    traced = p.debug(1, profiler=True, tracer=True)
    assert ids(traced.result.get()[0]) == expected[0]
    shown = DataCollection(p(1))
    assert len(shown) == 1
    assert ids(shown[0]["answer"]) == expected[0]


def test_eight_threads_share_one_pipeline(sample_stack: Stack) -> None:
    p = recommend(RecommendConfig(**sample_stack.settings))
    expected = {user: ids(p(user).get()[0]) for user in range(1, 41)}
    users = [1 + (7 * n) % 40 for n in range(800)]
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda user: ids(p(user).get()[0]), users)
        assert [expected[user] for user in users] == list(answers)


def test_failed_calls_do_not_block_the_next_ones(sample_stack: Stack) -> None:
    p = recommend(RecommendConfig(**sample_stack.settings))
    kept: list[Exception] = []

    def ask(number: int) -> int:
        try:
            return len(p({"user_id": 1, "top_k": number % 2}).get()[0])
        except RequestError as exc:
            vars(exc)["itself"] = exc  # a cycle: freed when collected
            kept.append(exc)
            if len(kept) > 5:
                kept.clear()
            return 0

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(400))) == [0, 1] * 200


@pytest.mark.parametrize(
    ("name", "settings", "given", "message"),
    [
        ("milvus_insert", {}, ([{"title": "x"}], [[0.0] * 256]), "record 0 has no item_id: {'ti"),
        ("milvus_search", {}, ([[0.0] * 8],), r"shape \(1, 8\); give \(B, 256\)"),
        ("milvus_search", {}, ([0.0] * 256, [{}]), r"shape \(256,\); give \(B, 256\)"),
        (
            "milvus_search",
            {},
            (np.full((2, 256), np.nan),),
            "vector 0 has NaN or infinity",
        ),
        ("milvus_search", {}, ([[0.0] * 256], []), "1 vectors and 0 requests; give one for each"),
        ("rerank_mmr", {}, ([[], []], [{}]), "2 lists of hits and 1 requests; give one for each"),
        ("explain", {"bundle": "b"}, ([[], []], [{}]), "2 lists of hits and 1 users; give one"),
    ],
)
def test_wrong_input_is_refused(
    index: dict[str, str],
    name: str,
    settings: dict[str, Any],
    given: tuple[Any, ...],
    message: str,
) -> None:
    with pytest.raises(RecsysError, match=message):
        getattr(ops.recsys, name)(**index, **settings)(*given)


def test_search_accepts_vectors_as_lists(index: dict[str, str], model: dict[str, str]) -> None:
    vectors = ops.recsys.user_encoder(**model)([SOMEBODY])
    search = ops.recsys.milvus_search(**index)
    assert search(vectors.tolist()) == search(vectors)
    assert search([]) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"subject": "user"}, "subject is 'user'; it must be one of user_id, item_id"),
        ({"top_k": 0}, "top_k is 0: input should be greater"),
        ({"diversity": 7}, "diversity is 7: input should be less"),
    ],
)
def test_settings_are_checked_when_an_operator_is_created(
    model: dict[str, str], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        ops.recsys.read_request(bundle=model["bundle"], **settings).get_op()


def test_missing_collection_raises_collection_gone(index: dict[str, str]) -> None:
    publish = ops.recsys.milvus_publish(uri=index["uri"], fingerprint="0badcafe")
    p = pipe.input("ids").map("ids", "count", publish).output("count")
    with pytest.raises(CollectionGone, match="items_0badcafe"):
        call(p, [1])


def test_numpy_ids_count_as_python_ids(index: dict[str, str], model: dict[str, str]) -> None:
    plain = {"history": [1, 50], "exclude": [3]}
    given = {"history": np.array([1, 50]), "exclude": np.array([3])}
    vectors = ops.recsys.user_encoder(**model)([plain])
    search = ops.recsys.milvus_search(**index)
    assert search(vectors, [given]) == search(vectors, [plain])
    assert search(vectors, [{"exclude": None}]) == search(vectors)
    many = {"exclude": list(map(np.int64, range(1, 291)))}
    assert {hit["item_id"] for hit in search(vectors, [many])[0]} == set(range(291, 301))
