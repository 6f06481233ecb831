"""What was removed leaves the files of Redis servers, and what may be left in any is said."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
import redis
from services.redis_server import redis_server

from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.stores.urls import parse

CANARY = b"canary-of-user-1"
KEPT = b"canary-of-user-2"


def fill(store: RecordStore) -> None:
    store.put_users([{"user_id": n, "name": f"canary-of-user-{n}"} for n in (1, 2)])
    store.add_interactions([{"user_id": 1, "item_id": "canary-of-user-1"}])
    store.add_interactions([{"user_id": 2, "item_id": n} for n in range(5_000)])


def holding(folder: Path, word: bytes) -> set[str]:
    """The kinds of files in which a word is."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.suffix for path in files if word in path.read_bytes()}


def test_the_embedded_store_writes_its_file_anew(embedded_url: str) -> None:
    folder = parse(embedded_url).folder
    assert folder is not None
    with open_record_store(embedded_url) as store:
        fill(store)
        assert holding(folder, CANARY) == {".aof"}
        store.forget_users([1])
        assert store.erase() is None
        assert holding(folder, CANARY) == set()
        store.add_interactions([{"user_id": 2, "item_id": "canary-of-user-1"}])
        store.remove_interactions(2, ["canary-of-user-1"])
        assert holding(folder, CANARY) == {".aof"}
        assert store.erase() is None
        assert holding(folder, CANARY) == set()
        assert store.get_users([1, 2]) == [None, {"user_id": 2, "name": KEPT.decode()}]


@pytest.mark.service
@pytest.mark.parametrize("busy", ["bgrewriteaof", "bgsave", None])
def test_a_server_writes_its_files_anew(tmp_path: Path, busy: str | None) -> None:
    """Also one that is writing them already, with what has just been removed."""
    files = ("--appendonly", "yes", "--save", "3600 1", "--rdbcompression", "no")
    with redis_server(tmp_path, *files) as port, contextlib.ExitStack() as stack:
        store = stack.enter_context(open_record_store(f"redis://127.0.0.1:{port}"))
        client = stack.enter_context(contextlib.closing(redis.Redis(port=port)))
        fill(store)
        client.save()
        assert holding(tmp_path, CANARY) == {".aof", ".rdb"}
        if busy:
            client.config_set("rdb-key-save-delay", 200_000)  # microseconds for each key
            getattr(client, busy)()
            client.config_set("rdb-key-save-delay", 0)
        store.forget_users([1])
        assert store.erase() is None
        assert holding(tmp_path, CANARY) == set()
        assert holding(tmp_path, KEPT) == {".rdb"}


@pytest.mark.service
def test_a_server_without_files_gets_none(tmp_path: Path) -> None:
    with redis_server(tmp_path) as port, open_record_store(f"redis://127.0.0.1:{port}") as store:
        fill(store)
        store.forget_users([1])
        assert store.erase() is None
    assert not list(tmp_path.rglob("*.rdb"))


@pytest.mark.service
@pytest.mark.parametrize("forbidden", ["-bgrewriteaof", "-bgsave", "-config", "-info", "-@admin"])
def test_what_an_account_may_not_do_is_said(tmp_path: Path, forbidden: str) -> None:
    user = ("--user", "app", "on", ">s3cret", "~*", "+@all", forbidden)
    with (
        redis_server(tmp_path, "--appendonly", "yes", "--save", "3600 1", *user) as port,
        open_record_store(f"redis://app:s3cret@127.0.0.1:{port}") as store,
    ):
        fill(store)
        assert store.forget_users([1]) == 1
        left = store.erase()
    assert left is not None
    assert f"app:***@127.0.0.1:{port} may still hold" in left
    assert "this account may not have them written anew" in left
    assert "BGREWRITEAOF" in left
    assert "s3cret" not in left


@pytest.mark.service
def test_replicas_are_mentioned(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path / "one") as port,
        redis_server(tmp_path / "two", "--replicaof", "127.0.0.1", str(port)),
        open_record_store(f"redis://127.0.0.1:{port}") as store,
        contextlib.closing(redis.Redis(port=port)) as client,
    ):
        while not client.info("replication")["connected_slaves"]:
            time.sleep(0.02)
        assert "its replicas (1) have files of their own" in (store.erase() or "")


def test_mysql_says_what_its_own_files_may_hold(mysql_url: str) -> None:
    with open_record_store(mysql_url) as store:
        left = store.erase() or ""
    assert "may keep their bytes in its files until it writes over them." in left
    assert "s3cret" not in left
