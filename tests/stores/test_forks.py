"""What stores that were opened before a fork do in the child."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from services.processes import exit_code, forked

from towhee_recsys.errors import StoreLocked
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.stores.vectors.milvus import MilvusStore
from towhee_recsys.testing import VectorStoreConformance
from towhee_recsys.testing.vectors import ladder

CHECKS = VectorStoreConformance()


@pytest.fixture(params=["redis_url", "redis_cluster_url", "mysql_url", "embedded_url"])
def store(request: pytest.FixtureRequest) -> Iterator[RecordStore]:
    url = request.getfixturevalue(request.param)
    with open_record_store(url, namespace="t" + uuid.uuid4().hex, connections=2) as store:
        yield store


def test_parent_and_children_use_a_record_store_at_once(store: RecordStore) -> None:
    store.put_items([{"item_id": 0}])

    def work(child: int) -> None:
        for number in range(50):
            user = 100 * child + number
            store.add_interactions([{"user_id": user, "item_id": 1, "timestamp": 1.0}])
            assert store.get_items([0]) == [{"item_id": 0}]
            assert store.get_histories([user]) == [[1]]

    children = [forked(partial(work, child)) for child in range(1, 4)]
    work(0)
    assert [exit_code(child) for child in children] == [0, 0, 0]
    assert store.counts() == {"items": 1, "users": 0, "histories": 200}


def test_a_child_closes_a_record_store_for_itself(store: RecordStore) -> None:
    store.put_items([{"item_id": 0}])
    assert exit_code(forked(store.close)) == 0
    assert store.get_items([0]) == [{"item_id": 0}]


def test_a_child_searches_a_server(milvus_server_uri: str) -> None:
    with MilvusStore(milvus_server_uri, alias="t" + uuid.uuid4().hex) as store:
        CHECKS.index(store, [{"item_id": n} for n in range(3)], ladder(3))

        def work() -> None:
            assert CHECKS.ids(store) == [0, 1, 2]
            store.close()

        assert [exit_code(forked(work)) for _ in range(2)] == [0, 0]
        assert CHECKS.ids(store) == [0, 1, 2]


def test_a_milvus_lite_file_is_its_parent_s(milvus_lite_uri: str) -> None:
    with MilvusStore(milvus_lite_uri) as store:
        CHECKS.index(store, [{"item_id": n} for n in range(3)], ladder(3))

        def work() -> None:
            for one in (store, MilvusStore(milvus_lite_uri)):
                with contextlib.closing(one), pytest.raises(StoreLocked, match="another process"):
                    CHECKS.ids(one)

        assert exit_code(forked(work)) == 0
        assert CHECKS.ids(store) == [0, 1, 2]


def test_a_child_opens_a_file_that_its_parent_has_closed(milvus_lite_uri: str) -> None:
    """In a process of its own, as gRPC of other tests may not survive a fork."""
    code = (
        "import os, sys, numpy as np\n"
        "from towhee_recsys.stores.vectors.milvus import MilvusStore\n"
        "with MilvusStore(sys.argv[1]) as store:\n"
        "    name = store.create('aa11aa11', int, {})\n"
        "    store.write(name, [{'item_id': 1}], np.ones((1, 256), np.float32))\n"
        "    store.finish(name, [1]); store.publish(name)\n"
        "if (child := os.fork()) == 0:\n"
        "    with MilvusStore(sys.argv[1]) as store: found = store.count(), store.live()\n"
        "    os._exit(0 if found == (1, 'aa11aa11') else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "with MilvusStore(sys.argv[1]) as store: print(store.live(), store.count())"
    )
    command = [sys.executable, "-c", code, milvus_lite_uri]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "aa11aa11 1\n"


def test_a_child_that_ends_as_interpreters_do_leaves_the_file_alone(tmp_path: Path) -> None:
    code = (
        "import os, sys, numpy as np\n"
        "from towhee_recsys.stores.vectors.milvus import MilvusStore\n"
        "from towhee_recsys.errors import StoreLocked\n"
        "store = MilvusStore(sys.argv[1]); name = store.create('aa11aa11', int, {})\n"
        "store.write(name, [{'item_id': 1}], np.ones((1, 256), np.float32))\n"
        "if os.fork() == 0: sys.exit()\n"
        "assert os.wait()[1] == 0\n"
        "if os.fork() == 0:\n"
        "    try: MilvusStore(sys.argv[1]).live()\n"
        "    except StoreLocked: sys.exit()\n"
        "    sys.exit(1)\n"
        "assert os.wait()[1] == 0\n"
        "store.finish(name, [1]); store.publish(name); print(store.live(), store.count())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "milvus.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "aa11aa11 1\n"
