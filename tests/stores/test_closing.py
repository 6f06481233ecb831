"""A closed store leaves nothing behind in its process."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable

import psutil
import pytest

from towhee_recsys.stores.base import RecordStore, VectorStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.stores.vectors.milvus import MilvusStore
from towhee_recsys.testing import VectorStoreConformance
from towhee_recsys.testing.vectors import ladder

VECTORS = ["milvus_lite_uri", "milvus_server_uri"]
RECORDS = ["embedded_url", "redis_url", "redis_cluster_url", "mysql_url"]


def _use_records(store: RecordStore) -> None:
    store.put_items([{"item_id": 1}])
    threads = [threading.Thread(target=store.get_items, args=([1],)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _use_vectors(store: VectorStore) -> None:
    checks = VectorStoreConformance()
    if store.live() is None:
        checks.index(store, [{"item_id": 1}], ladder(1))
    assert checks.ids(store) == [1]


@pytest.fixture(params=[*VECTORS, *RECORDS])
def cycle(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Open, use and close a store."""
    place, name = request.getfixturevalue(request.param), "t" + uuid.uuid4().hex

    def vectors() -> None:
        with MilvusStore(place, alias=name) as store:
            _use_vectors(store)

    def records() -> None:
        with open_record_store(place, namespace=name) as store:
            _use_records(store)

    return vectors if request.param in VECTORS else records


def _held() -> dict[str, int]:
    """What this process holds, once it has come to rest."""
    own = psutil.Process()
    before: dict[str, int] = {}
    for _ in range(100):
        gc.collect()
        held = {
            "threads of Python": threading.active_count(),
            "threads": own.num_threads(),
            "descriptors": own.num_fds(),
            "connections": len(own.net_connections("all")),
            "children": len(own.children(recursive=True)),
        }
        if held == before:
            break
        before = held
        time.sleep(0.1)
    return held


@pytest.mark.slow
def test_opening_and_closing_again_and_again_holds_nothing(cycle: Callable[[], None]) -> None:
    for _ in range(3):
        cycle()
    before = _held()
    for _ in range(20):
        cycle()
    after = _held()
    assert all(after[name] <= before[name] for name in before), (before, after)


def test_loggers_are_changed_only_while_there_is_a_connection(milvus_lite_uri: str) -> None:
    code = (
        "import logging, pymilvus, milvus_lite.server_manager, grpc\n"
        "names = ['pymilvus.decorators', 'milvus_lite.server_manager', 'grpc._server']\n"
        "filters = lambda: [logging.getLogger(name).filters[:] for name in names]\n"
        "before = filters()\n"
        "from towhee_recsys.stores.vectors.milvus import MilvusStore\n"
        "assert filters() == before\n"
        "import sys; store = MilvusStore(sys.argv[1]); store.create('aa11aa11', int, {})\n"
        "assert filters() != before\n"
        "store.close(); assert filters() == before"
    )
    subprocess.run([sys.executable, "-c", code, milvus_lite_uri], check=True)
