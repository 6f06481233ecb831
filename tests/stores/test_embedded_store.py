from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from towhee_recsys.errors import StoreError
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.stores.records.embedded import socket_path
from towhee_recsys.testing import RecordStoreConformance


@pytest.fixture(autouse=True)
def _no_server_is_left(embedded_url: str) -> Iterator[None]:
    yield
    folder = Path(embedded_url.removeprefix("embedded://"))
    deadline = time.monotonic() + 20
    while _server_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _server_of(folder)


class TestEmbeddedStore(RecordStoreConformance):
    @pytest.fixture
    def store(self, embedded_url: str) -> Iterator[RecordStore]:
        store = open_record_store(embedded_url)
        yield store
        store.close()


def test_data_outlives_the_server(embedded_url: str) -> None:
    for turn in range(2):
        store = open_record_store(embedded_url)
        assert store.get_items([1]) == [{"item_id": 1} if turn else None]
        store.put_items([{"item_id": 1}])
        store.close()
        assert not _server_of(_folder(embedded_url))


def test_stores_of_one_process_share_the_server(embedded_url: str) -> None:
    first, second = open_record_store(embedded_url), open_record_store(embedded_url)
    first.put_items([{"item_id": 1}])
    first.close()
    assert _server_of(_folder(embedded_url))
    assert second.get_items([1]) == [{"item_id": 1}]
    second.close()


def test_a_killed_server_comes_back_with_its_data(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    store.put_items({"item_id": n} for n in range(3_000))
    os.kill(_pid(embedded_url), signal.SIGKILL)
    assert store.get_items([0, 2_999]) == [{"item_id": 0}, {"item_id": 2_999}]
    store.add_interactions([{"user_id": 1, "item_id": 2}])
    os.kill(_pid(embedded_url), signal.SIGKILL)
    assert store.add_interactions([{"user_id": 1, "item_id": 3}]) == 1
    assert store.get_histories([1]) == [[2, 3]]
    store.close()


def test_a_server_whose_socket_is_removed_is_replaced(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    store.put_items([{"item_id": 1}])
    before = _pid(embedded_url)
    socket_path(_folder(embedded_url)).unlink()
    other = open_record_store(embedded_url)
    assert other.get_items([1]) == [{"item_id": 1}]
    assert _pid(embedded_url) != before
    store.close()
    other.close()


def test_processes_share_the_server_and_outlive_its_owner(embedded_url: str) -> None:
    with _client(embedded_url) as owner:
        store = open_record_store(embedded_url)
        assert store.get_items([7]) == [{"item_id": 7}]
        server = _pid(embedded_url)
        owner.communicate("")
        assert store.get_items([7]) == [{"item_id": 7}]
        assert _pid(embedded_url) != server
        store.close()


def test_the_server_of_a_killed_owner_is_taken_over(embedded_url: str) -> None:
    with _client(embedded_url) as owner:
        server = _pid(embedded_url)
        owner.kill()
    assert _server_of(_folder(embedded_url)) == [server]
    store = open_record_store(embedded_url)
    assert store.get_items([7]) == [{"item_id": 7}]
    assert _pid(embedded_url) == server
    store.close()
    assert not _server_of(_folder(embedded_url))


def test_a_client_that_was_there_before_cleans_up_after_a_killed_owner(embedded_url: str) -> None:
    with _client(embedded_url) as owner:
        store = open_record_store(embedded_url)
        owner.kill()
    assert store.get_items([7]) == [{"item_id": 7}]
    store.close()


def test_many_processes_may_start_at_once(embedded_url: str) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_client(embedded_url, wait=False)) for _ in range(4)]
        for client in clients:
            assert client.stdout is not None
            assert client.stdout.readline() == "ready\n"
        assert len(_server_of(_folder(embedded_url))) == 1


def test_a_deleted_folder_leaves_no_server(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    server = _pid(embedded_url)
    _folder(embedded_url).rename(_folder(embedded_url).with_name("elsewhere"))
    store.close()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/store"):
        open_record_store(f"embedded://{tmp_path}/file/store")


@contextlib.contextmanager
def _client(url: str, wait: bool = True) -> Iterator[subprocess.Popen[str]]:
    """Another process that has written item 7, and stays until its input ends."""
    code = (
        "import sys; from towhee_recsys.stores.opening import open_record_store\n"
        "store = open_record_store(sys.argv[1]); store.put_items([{'item_id': 7}])\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if wait:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate("") if process.poll() is None else None


def _folder(url: str) -> Path:
    return Path(url.removeprefix("embedded://"))


def _pid(url: str) -> int:
    return int((_folder(url) / "server.pid").read_text())


def _server_of(folder: Path) -> list[int]:
    """The processes whose command line names the folder's socket."""
    name = socket_path(folder).name
    return [
        process.pid
        for process in psutil.process_iter(["status", "cmdline"])
        if name in " ".join(process.info["cmdline"] or ())
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def test_a_closed_store_starts_no_server(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.get_items([1])
    assert not _server_of(Path(embedded_url.removeprefix("embedded://")))
