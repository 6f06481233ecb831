from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.cluster import RedisCluster
from services.processes import free_port
from services.redis_server import redis_server

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.testing import RecordStoreConformance


class TestRedisStore(RecordStoreConformance):
    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[RecordStore]:
        store = open_record_store(redis_url, namespace=uuid.uuid4().hex)
        yield store
        store.close()


class TestRedisCluster(RecordStoreConformance):
    @pytest.fixture
    def store(self, redis_cluster_url: str) -> Iterator[RecordStore]:
        store = open_record_store(redis_cluster_url, namespace=uuid.uuid4().hex)
        yield store
        store.close()


def test_other_clients_read_the_keys(redis_url: str) -> None:
    store = open_record_store(redis_url)
    store.put_items([{"item_id": 42, "title": "é"}])
    store.add_interactions([{"user_id": 1, "item_id": 42, "timestamp": 3}])
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    assert client.get("recsys:items:42") == '{"item_id":42,"title":"é"}'
    assert client.get("recsys:histories:1") == '{"items":[42],"times":[3]}'
    client.close()
    store.close()


@pytest.mark.service
def test_a_server_that_restarts_is_found_again(tmp_path: Path) -> None:
    with redis_server(tmp_path) as port:
        store = open_record_store(f"redis://127.0.0.1:{port}", timeout=10)
        client = redis.Redis(port=port)
        store.put_items([{"item_id": 1}])
        client.client_kill_filter(_type="normal", skipme=True)
        client.close()
        assert store.get_items([1]) == [{"item_id": 1}]
    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
        store.get_items([1])
    store.close()


def test_an_unreachable_server_is_named_without_its_password() -> None:
    port = free_port()
    for scheme in ("redis", "rediss"):
        store = open_record_store(f"{scheme}://me:s3cret@127.0.0.1:{port}/0", timeout=2)
        with pytest.raises(StoreUnavailable, match=rf"me:\*\*\*@127.0.0.1:{port}") as caught:
            store.ping()
        assert "s3cret" not in f"{caught.value} {store!r}"
        store.close()
    with pytest.raises(StoreError, match=rf"me:\*\*\*@127.0.0.1:{port}"):
        open_record_store(f"redis+cluster://me:s3cret@127.0.0.1:{port}", timeout=2)


@pytest.mark.service
def test_a_refused_login_is_said(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "right") as port:
        store = open_record_store(f"redis://:wr0ng@127.0.0.1:{port}", timeout=10)
        with pytest.raises(StoreError, match="login") as caught:
            store.ping()
        assert "wr0ng" not in str(caught.value)
        store.close()


def test_documents_of_another_writer_are_counted(redis_url: str) -> None:
    namespace = uuid.uuid4().hex + "[*]"
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        client.mset({f"{namespace}:items:{n}": f'{{"item_id":{n}}}' for n in range(250)})
        client.set(f"{namespace}:histories:1", '{"items":[3],"times":[1]}')
        with open_record_store(redis_url, namespace=namespace) as store:
            assert store.forget_users([1]) == 1
            store.put_items([{"item_id": 0}, {"item_id": 250}])
        with open_record_store(redis_url, namespace=namespace) as store:
            assert store.counts() == {"items": 251, "users": 0, "histories": 0}


def test_keys_outside_of_a_cluster_s_buckets_are_refused(redis_cluster_url: str) -> None:
    namespace = uuid.uuid4().hex
    address = redis_cluster_url.replace("redis+cluster", "redis")
    with contextlib.closing(RedisCluster.from_url(address)) as client:
        client.set(f"{namespace}:items:1", '{"item_id":1}')
    with open_record_store(redis_cluster_url, namespace=namespace) as store:
        for call in (store.counts, lambda: store.put_items([{"item_id": 2}])):
            with pytest.raises(StoreError, match=f"{namespace}:items.*Delete them"):
                call()


def test_counting_looks_at_no_keys(redis_url: str) -> None:
    with open_record_store(redis_url, namespace=uuid.uuid4().hex) as store:
        store.put_items({"item_id": n} for n in range(10))
        with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
            client.config_resetstat()
            assert store.counts() == {"items": 10, "users": 0, "histories": 0}
            used = set(client.info("commandstats"))
        assert "cmdstat_scard" in used
        assert not used & {"cmdstat_scan", "cmdstat_keys"}


def test_an_empty_list_of_the_forgotten_takes_one_read(redis_url: str) -> None:
    with (
        open_record_store(redis_url, namespace=uuid.uuid4().hex) as store,
        contextlib.closing(redis.Redis.from_url(redis_url)) as client,
    ):
        client.config_resetstat()
        assert store.forgotten(range(100_000)) == {}
        assert client.info("commandstats")["cmdstat_mget"]["calls"] == 1


def test_interactions_stream_in_any_order(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("towhee_recsys.stores.records.documents.INTERACTIONS_HELD", 7)
    pairs = [(user, item) for item in range(20) for user in range(5)]
    with open_record_store(redis_url, namespace=uuid.uuid4().hex) as store:
        for _ in range(2):
            new = store.add_interactions(
                {"user_id": user, "item_id": item, "timestamp": -item} for user, item in pairs
            )
        assert new == 0
        assert store.get_histories(range(5)) == [list(range(19, -1, -1))] * 5
