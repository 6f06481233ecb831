from __future__ import annotations

import contextlib
import logging
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pymilvus import MilvusClient
from services.processes import free_port

from towhee_recsys.errors import (
    ConfigError,
    IndexMismatch,
    StoreError,
    StoreLocked,
    StoreUnavailable,
)
from towhee_recsys.stores.vectors.collection import Index
from towhee_recsys.stores.vectors.milvus import MilvusStore
from towhee_recsys.testing import VectorStoreConformance
from towhee_recsys.testing.vectors import axis, ladder


class MilvusConformance(VectorStoreConformance):
    """What Milvus does beside what every store does."""

    uri: str

    def test_calls_are_of_bounded_size(
        self, store: MilvusStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.index(store, [{"item_id": n} for n in range(100)], ladder(100))
        vectors = np.stack([axis(0)] * 10)
        exclude = [range(n, 2 * n) for n in range(10)]
        whole = store.search(vectors, range(1, 11), "aa11aa11", exclude=exclude)
        monkeypatch.setattr("towhee_recsys.stores.vectors.nearest.HITS_AT_ONCE", 40)
        assert store.search(vectors, range(1, 11), "aa11aa11", exclude=exclude) == whole
        assert [len(hits) for hits in whole] == list(range(1, 11))

    def test_what_is_not_ours_stays(self, store: MilvusStore) -> None:
        first = self.index(store, [{"item_id": 1}], ladder(1), "aa11aa11")
        alias = first.removesuffix("_aa11aa11")
        others = [f"{alias}_backup", f"{alias}_2024", f"{alias}_01234567"]
        with contextlib.closing(MilvusClient(self.uri)) as client:
            for other in others:
                client.create_collection(other, dimension=4)
            for fingerprint in ("bb22bb22", "cc33cc33"):
                self.index(store, [{"item_id": 1}], ladder(1), fingerprint)
            there = set(client.list_collections())
            for other in others:
                client.drop_collection(other)
        assert {*others, f"{alias}_bb22bb22", f"{alias}_cc33cc33"} <= there
        assert first not in there

    def test_only_roles_that_filters_can_use(self, store: MilvusStore) -> None:
        with pytest.raises(StoreError, match=r"title is text.*categorical, multi_categorical"):
            store.create("aa11aa11", int, {"title": "text"})


class TestMilvusLite(MilvusConformance):
    @pytest.fixture
    def store(self, milvus_lite_uri: str) -> Iterator[MilvusStore]:
        self.uri = milvus_lite_uri
        store = MilvusStore(milvus_lite_uri)
        yield store
        store.close()


class ServerConformance(MilvusConformance):
    index_type: Index = "FLAT"

    @pytest.fixture
    def store(self, milvus_server_uri: str) -> Iterator[MilvusStore]:
        alias = "t" + uuid.uuid4().hex
        self.uri = milvus_server_uri
        store = MilvusStore(milvus_server_uri, alias=alias, index=self.index_type)
        yield store
        store.close()
        client = MilvusClient(milvus_server_uri)
        for name in client.list_collections():
            if name.startswith(alias):
                for one in client.list_aliases(name)["aliases"]:
                    client.drop_alias(one)
                client.drop_collection(name)
        client.close()


class TestMilvusServer(ServerConformance):
    pass


@pytest.mark.parametrize("index", ["HNSW", "AUTO"])
def test_other_indexes(milvus_lite_uri: str, index: Index) -> None:
    store = MilvusStore(milvus_lite_uri, index=index)
    checks = VectorStoreConformance()
    checks.test_the_score_is_the_inner_product(store)
    store.close()


def test_many_items_get_an_approximate_index(
    milvus_server_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("towhee_recsys.stores.vectors.milvus.EXACT_UP_TO", 20)
    client = MilvusClient(milvus_server_uri)
    for count, expected in [(20, "FLAT"), (21, "HNSW")]:
        store = MilvusStore(milvus_server_uri, alias="t" + uuid.uuid4().hex)
        VectorStoreConformance().index(store, [{"item_id": n} for n in range(count)], ladder(count))
        assert (
            client.describe_index(store.collection("aa11aa11"), "vector")["index_type"] == expected
        )
        store.close()
    client.close()


def test_hnsw_on_the_server(milvus_server_uri: str) -> None:
    store = MilvusStore(milvus_server_uri, alias="t" + uuid.uuid4().hex, index="HNSW")
    checks = VectorStoreConformance()
    checks.index(store, [{"item_id": n} for n in range(500)], ladder(500))
    assert checks.ids(store, 5) == [0, 1, 2, 3, 4]
    assert len(checks.ids(store, 300)) == 300
    store.close()


def test_an_index_outlives_its_process(milvus_lite_uri: str) -> None:
    checks = VectorStoreConformance()
    store = MilvusStore(milvus_lite_uri)
    checks.index(store, [{"item_id": 1, "genres": ["a"]}], ladder(1), genres="multi_categorical")
    store.close()
    code = (
        "import sys, numpy as np; from towhee_recsys.stores.vectors.milvus import MilvusStore\n"
        "store = MilvusStore(sys.argv[1]); vector = np.ones((1, 256), np.float32)\n"
        "print(store.live(), store.search(vector, [3], 'aa11aa11', [{'genres': 'a'}]))"
    )
    command = [sys.executable, "-c", code, milvus_lite_uri]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "aa11aa11 [[{'item_id': 1, 'score': 1.0}]]\n"
    assert done.stderr == ""


def test_nothing_is_logged(milvus_lite_uri: str) -> None:
    code = (
        "import sys, numpy as np; from towhee_recsys.stores.vectors.milvus import MilvusStore\n"
        "from towhee_recsys.errors import StoreError\n"
        "store = MilvusStore(sys.argv[1]); vectors = np.ones((2, 256), np.float32)\n"
        "for fingerprint in ('aa11aa11', 'bb22bb22', 'cc33cc33'):\n"
        "    name = store.create(fingerprint, int, {})\n"
        "    store.write(name, [{'item_id': 1}, {'item_id': 2}], vectors)\n"
        "    store.finish(name, [1]); store.publish(name)\n"
        "try: store.publish('items_dd44')\n"
        "except StoreError as error: print(error)"
    )
    command = [sys.executable, "-c", code, milvus_lite_uri]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "items_dd44" in done.stdout
    assert done.stderr == ""


def test_two_stores_of_one_process_share_a_file(milvus_lite_uri: str) -> None:
    checks = VectorStoreConformance()
    writer, reader = MilvusStore(milvus_lite_uri), MilvusStore(milvus_lite_uri)
    checks.index(writer, [{"item_id": 1}], ladder(1))
    assert checks.ids(reader) == [1]
    writer.close()
    assert checks.ids(reader) == [1]
    reader.close()


def test_a_swap_by_another_process_is_noticed(
    milvus_lite_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = VectorStoreConformance()
    reader, writer = MilvusStore(milvus_lite_uri), MilvusStore(milvus_lite_uri)
    checks.index(writer, [{"item_id": 1}], ladder(1), "aa11aa11")
    assert checks.ids(reader, fingerprint="aa11aa11") == [1]
    for fingerprint in ("bb22bb22", "cc33cc33"):  # the second one drops what the reader knows
        checks.index(writer, [{"item_id": 2}], ladder(1), fingerprint)
    with pytest.raises(IndexMismatch, match="cc33cc33"):
        checks.ids(reader, fingerprint="aa11aa11")
    checks.index(writer, [{"item_id": 3}], ladder(1), "dd44dd44")
    monkeypatch.setattr("towhee_recsys.stores.vectors.milvus.ALIAS_SECONDS", 0)
    with pytest.raises(IndexMismatch, match="dd44dd44"):
        checks.ids(reader, fingerprint="cc33cc33")
    writer.close()
    reader.close()


def test_a_locked_file_says_the_way_out(
    milvus_lite_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    code = (
        "import sys; from towhee_recsys.stores.vectors.milvus import MilvusStore\n"
        "store = MilvusStore(sys.argv[1]); store.create('aa11aa11', int, {})\n"
        "print('open', flush=True); sys.stdin.read(); store.close()\n"
        "print('closed', flush=True); sys.stdin.close()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, milvus_lite_uri],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        store = MilvusStore(milvus_lite_uri)
        with caplog.at_level(logging.DEBUG), pytest.raises(StoreLocked, match="milvus-lite server"):
            store.live()
        assert "Traceback" not in caplog.text
        assert "DataDirLocked" not in caplog.text
        holder.communicate("")
    assert store.live() is None
    store.close()


def test_an_unreachable_server_is_given_up_and_its_token_stays_hidden() -> None:
    port = free_port()
    store = MilvusStore(f"http://me:s3cret@127.0.0.1:{port}", token="t0ken", timeout=1)
    with (
        ThreadPoolExecutor(1) as thread,
        pytest.raises(StoreUnavailable, match=rf"me:\*\*\*@127.0.0.1:{port}") as caught,
    ):  # pymilvus alone tries for minutes
        thread.submit(store.search, axis(0)[None], [1], "aa11aa11").result(60)
    for secret in ("s3cret", "t0ken"):
        assert secret not in f"{caught.value} {store!r}"
    store.close()


def test_settings_are_checked(tmp_path: Path) -> None:
    for uri in (str(tmp_path / "milvus"), "redis://localhost", "localhost:19530"):
        with pytest.raises(ConfigError, match=r"\.db"):
            MilvusStore(uri)
    with pytest.raises(ConfigError, match="FLAT, HNSW"):
        MilvusStore("x.db", index="IVF")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="alias"):
        MilvusStore("x.db", alias="a b")


@pytest.mark.parametrize("name", ["a#b.db", "a?b.db", "100%.db", "%41.db", "a b.db", "ä.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    checks = VectorStoreConformance()
    for _ in range(2):
        with MilvusStore(str(tmp_path / name)) as store:
            if store.live() is None:
                checks.index(store, [{"item_id": 1}], ladder(1))
            assert checks.ids(store) == [1]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_that_is_deleted_and_made_anew(tmp_path: Path) -> None:
    checks = VectorStoreConformance()
    home = tmp_path / "home"
    uri = str(home / "milvus.db")
    store, other = MilvusStore(uri), MilvusStore(uri)
    for number in range(3):
        checks.index(store, [{"item_id": number}], ladder(1))
        assert checks.ids(store) == checks.ids(other) == [number]
        name = store.create("bb22bb22", int, {})
        store.write(name, [{"item_id": 9}], ladder(1))  # and is not flushed
        shutil.rmtree(home)
        with pytest.raises(IndexMismatch, match="ingest"):
            checks.ids(store)
        with pytest.raises(StoreError, match="ingest"):
            store.write(name, [{"item_id": 9}], ladder(1))
        assert store.live() is None
        assert not home.exists()
    store.close()
    checks.index(other, [{"item_id": 7}], ladder(1))
    other.close()
    with MilvusStore(uri) as store:
        assert checks.ids(store) == [7]


def test_a_file_that_is_made_anew_at_once(milvus_lite_uri: str) -> None:
    checks = VectorStoreConformance()
    with MilvusStore(milvus_lite_uri) as reader:
        with MilvusStore(milvus_lite_uri) as store:
            checks.index(store, [{"item_id": 1}], ladder(1))
            assert checks.ids(reader) == [1]
        shutil.rmtree(milvus_lite_uri)
        with MilvusStore(milvus_lite_uri) as store:
            checks.index(store, [{"item_id": 2}], ladder(1))
            assert checks.ids(reader) == [2]
