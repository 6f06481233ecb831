from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from services.processes import free_port
from services.redis_server import redis_server
from stores.conformance import RecordStoreConformance

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.urls import open_record_store


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
    client.set("recsys:histories:2", "[[42,3.0],[43,4]]")  # as it was first written
    assert store.add_interactions([{"user_id": 2, "item_id": 44, "timestamp": 3.5}]) == 1
    assert store.get_histories([2]) == [[42, 44, 43]]
    client.close()
    store.close()


def test_a_server_that_restarts_is_found_again(tmp_path: Path) -> None:
    with redis_server(tmp_path) as port:
        store = open_record_store(f"redis://127.0.0.1:{port}", timeout=2)
        client = redis.Redis(port=port)
        store.put_items([{"item_id": 1}])
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
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


def test_a_refused_login_is_said(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "right") as port:
        store = open_record_store(f"redis://:wr0ng@127.0.0.1:{port}", timeout=2)
        with pytest.raises(StoreError, match="login") as caught:
            store.ping()
        assert "wr0ng" not in str(caught.value)
        store.close()
