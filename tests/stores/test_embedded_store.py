from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from services.processes import exit_code, forked

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.stores.records.valkey_server import socket_path
from towhee_recsys.stores.urls import embedded_url as embedded_url_of
from towhee_recsys.stores.urls import parse
from towhee_recsys.testing import RecordStoreConformance


@pytest.fixture(autouse=True)
def _no_server_is_left(embedded_url: str) -> Iterator[None]:
    yield
    folder = _folder(embedded_url)
    deadline = time.monotonic() + 60
    while _server_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _server_of(folder)


def _assert_gone_soon(url: str) -> None:
    deadline = time.monotonic() + 60
    while _server_of(_folder(url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _server_of(_folder(url))


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


def test_connections_leave_the_server_as_it_is(embedded_url: str) -> None:
    with open_record_store(embedded_url) as first:
        server = _pid(embedded_url)
        first.put_items([{"item_id": 1}])
        with open_record_store(embedded_url) as second:
            assert second.get_items([1]) == [{"item_id": 1}]
        assert _pid(embedded_url) == server


def test_the_server_stays_when_the_process_that_started_it_leaves(embedded_url: str) -> None:
    with _client(embedded_url) as starter:
        store = open_record_store(embedded_url)
        assert store.get_items([7]) == [{"item_id": 7}]
        server = _pid(embedded_url)
        starter.communicate("")
        assert store.get_items([7]) == [{"item_id": 7}]
        assert _pid(embedded_url) == server
        store.close()
    assert not _server_of(_folder(embedded_url))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_is_ended_leaves_no_server(embedded_url: str, how: signal.Signals) -> None:
    with _client(embedded_url) as process:
        assert _server_of(_folder(embedded_url))
        process.send_signal(how)
        process.wait()
        _assert_gone_soon(embedded_url)
    with open_record_store(embedded_url) as store:
        assert store.get_items([7]) == [{"item_id": 7}]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_others_work_on_when_the_process_that_started_the_server_is_ended(
    embedded_url: str, how: signal.Signals
) -> None:
    with _client(embedded_url) as starter, open_record_store(embedded_url) as store:
        server = _pid(embedded_url)
        starter.send_signal(how)
        starter.wait()
        for number in range(20):
            store.put_items([{"item_id": number}])
            time.sleep(0.05)
        assert _pid(embedded_url) == server
    assert not _server_of(_folder(embedded_url))


def test_a_server_without_the_shell_that_watches_it_is_replaced(embedded_url: str) -> None:
    with _client(embedded_url) as process:
        for pid in set(_server_of(_folder(embedded_url))) - {_pid(embedded_url)}:
            os.kill(pid, signal.SIGKILL)
        with open_record_store(embedded_url) as store:
            assert store.get_items([7]) == [{"item_id": 7}]
        process.communicate("")
    _assert_gone_soon(embedded_url)


def test_many_processes_may_start_at_once(embedded_url: str) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_client(embedded_url, wait=False)) for _ in range(4)]
        for client in clients:
            assert client.stdout is not None
            assert client.stdout.readline() == "ready\n"
        assert len(_server_of(_folder(embedded_url))) == 3  # and the two shells that watch it


def test_a_deleted_folder_leaves_no_server(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    server = _pid(embedded_url)
    _folder(embedded_url).rename(_folder(embedded_url).with_name("elsewhere"))
    store.close()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_a_folder_that_is_made_anew_has_a_new_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    url = embedded_url_of(home / "store")
    store = open_record_store(url)
    for turn in range(3):
        store.put_items([{"item_id": turn}])
        shutil.rmtree(home)
        with pytest.raises(StoreUnavailable, match=r"home/store has been deleted.*ingest"):
            store.get_items([turn])
        assert not home.exists()
        home.mkdir()
        assert store.get_items([turn]) == [None]
        if turn == 1:
            with open_record_store(url) as other:
                assert other.get_items([turn]) == [None]
    store.put_items([{"item_id": 9}])
    store.close()
    with open_record_store(url) as store:
        assert store.get_items([0, 9]) == [None, {"item_id": 9}]
    _assert_gone_soon(url)


def test_a_folder_that_another_process_made_anew(embedded_url: str) -> None:
    with open_record_store(embedded_url) as store:
        store.put_items([{"item_id": 1}])
        shutil.rmtree(_folder(embedded_url))
        with _client(embedded_url):
            assert store.get_items([1, 7]) == [None, {"item_id": 7}]


@pytest.mark.parametrize("name", ["a#b", "a?b", "100%", "%41", "a b", "ä", "new\nline", "'\"$(x)"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    with open_record_store(embedded_url_of(tmp_path / name)) as store:
        store.put_items([{"item_id": 1}])
        assert (tmp_path / name / "server.pid").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/store"):
        with pytest.raises(StoreUnavailable, match=f"{folder} cannot be used: "):
            open_record_store(embedded_url_of(tmp_path / folder))


def test_a_file_where_a_lock_should_be_is_named(embedded_url: str) -> None:
    (_folder(embedded_url) / "server.lock").mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match=r"cannot be used: Is a directory .*server\.lock"):
        open_record_store(embedded_url)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_of_somebody_else_is_named(embedded_url: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        code = (
            "import os, sys; from towhee_recsys.stores.records import embedded, redis\n"
            "from towhee_recsys.errors import StoreUnavailable\n"
            "from towhee_recsys.stores.opening import open_record_store\n"
            "with open_record_store(sys.argv[2]): pass\n"
            "os.setuid(65534)\n"
            "try: open_record_store(sys.argv[1])\n"
            "except StoreUnavailable as error: print(error)"
        )
        urls = [embedded_url_of(folder), embedded_url]
        command = [sys.executable, "-c", code, *urls]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Permission denied" in done.stdout
    assert f"folder {folder} cannot be used" in done.stdout
    assert done.stderr == ""


def test_a_child_of_a_fork_uses_the_store(embedded_url: str) -> None:
    with open_record_store(embedded_url) as store:
        store.put_items([{"item_id": 1}])
        server = _pid(embedded_url)
        children = [forked(partial(_put_and_get, store, n)) for n in range(2, 6)]
        assert [exit_code(child) for child in children] == [0] * 4
        assert store.get_items([1, 5]) == [{"item_id": 1}, {"item_id": 5}]
        assert _pid(embedded_url) == server
    _assert_gone_soon(embedded_url)


def test_a_child_of_a_fork_that_closes_its_store_leaves_the_parent_s(embedded_url: str) -> None:
    with open_record_store(embedded_url) as store:
        server = _pid(embedded_url)
        for work in (lambda: _use_and_close(store), store.close):
            assert exit_code(forked(work)) == 0
            store.put_items([{"item_id": 1}])
            assert _pid(embedded_url) == server
    assert not _server_of(_folder(embedded_url))


def test_a_child_of_a_fork_keeps_the_server_while_it_uses_it(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    there, go = os.pipe(), os.pipe()

    def work() -> None:
        store.put_items([{"item_id": 1}])
        os.write(there[1], b"x")
        os.read(go[0], 1)
        assert store.get_items([1]) == [{"item_id": 1}]

    child = forked(work)
    os.read(there[0], 1)
    server = _pid(embedded_url)
    store.close()
    assert _pid(embedded_url) == server
    os.write(go[1], b"x")
    assert exit_code(child) == 0
    _assert_gone_soon(embedded_url)


def test_an_idle_child_of_a_fork_keeps_nothing(embedded_url: str) -> None:
    store = open_record_store(embedded_url)
    child = forked(lambda: time.sleep(600))
    store.close()
    _assert_gone_soon(embedded_url)
    assert child.is_alive()
    child.kill()
    child.join()


def _use_and_close(store: RecordStore) -> None:
    store.ping()
    store.close()


def _put_and_get(store: RecordStore, number: int) -> None:
    store.put_items([{"item_id": number}])
    assert store.get_items([number]) == [{"item_id": number}]


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
    folder = parse(url).folder
    assert folder is not None
    return folder


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
    assert not _server_of(_folder(embedded_url))
