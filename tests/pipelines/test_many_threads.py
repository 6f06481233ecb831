"""One pipeline and many threads: correct answers, limited connections and constant memory."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pymysql
import pytest
import redis
from fixtures.stack import Stack, ids

from towhee_recsys import Dataset, train
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import TrainingConfig

THREADS, CONNECTIONS = 16, 2
FLAT = 16 << 20
"""Bytes that the process may grow in 2,400 calls. A leak of 7 kB a call would exceed it."""


@pytest.fixture(scope="module")
def quick_bundle(cycle_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model, because only the rest of the pipeline is tested."""
    model = ModelConfig(blocks=1, hidden_size=32, max_history=12)
    path = tmp_path_factory.mktemp("quick") / "bundle"
    train(cycle_dataset, TrainingConfig(epochs=5, batch_positions=120), model).save(path)
    return path


def connected_to(url: str) -> Callable[[], set[int]]:
    """A function that counts the connections to a store, except its own."""
    parts = urlsplit(url)
    if parts.scheme == "redis":
        client = redis.Redis.from_url(url)
        own = client.client_id()
        return lambda: {int(one["id"]) for one in client.client_list()} - {own}
    watcher = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        autocommit=True,
    )

    def processes() -> set[int]:
        with watcher.cursor() as cursor:
            cursor.execute(
                "SELECT ID FROM information_schema.PROCESSLIST WHERE USER != %s", ["root"]
            )
            return {row[0] for row in cursor.fetchall()} - {watcher.thread_id()}

    return processes


def open_to(uri: str) -> Callable[[], set[int]]:
    """A function that counts the connections of this process to a server."""
    port = urlsplit(uri).port
    process = psutil.Process()
    return lambda: {
        one.laddr.port
        for one in process.net_connections("tcp")
        if one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
    }


@contextmanager
def most(look: Callable[[], set[int]]) -> Iterator[Callable[[], int]]:
    """Yield a list with the largest number of connections beyond those at the start."""
    before, counts, done = look(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            counts.append(len(look() - before))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: max(counts)
    finally:
        done.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(("store", "calls_made"), [("redis_url", 4_000), ("mysql_url", 500)])
def test_sixteen_threads_share_one_pipeline(
    store: str,
    calls_made: int,
    quick_bundle: Path,
    cycle_dataset: Dataset,
    milvus_server_uri: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    url: str = request.getfixturevalue(store).replace("/0", "/6")  # for itself
    stack = Stack(tmp_path, quick_bundle, store_url=url, milvus_uri=milvus_server_uri)
    ask = stack.recommend(connections=CONNECTIONS)
    users = list(range(80))
    chance = random.Random(0)
    calls: list[Any] = [
        chance.choice(users) if chance.random() < 0.9 else chance.sample(users, 8)
        for _ in range(calls_made)
    ]
    with most(open_to(milvus_server_uri)) as to_milvus, most(connected_to(url)) as to_store:
        stack.ingest(cycle_dataset, connections=CONNECTIONS)
        expected = {user: ids(ask(user)) for user in users}

        def right(request: Any) -> bool:
            if isinstance(request, list):
                return [ids(one) for one in ask(request)] == [expected[user] for user in request]
            return ids(ask(request)) == expected[request]

        memory = []
        with ThreadPoolExecutor(THREADS) as threads:
            for begin in range(0, calls_made, calls_made // 5):
                assert all(threads.map(right, calls[begin : begin + calls_made // 5]))
                memory.append(psutil.Process().memory_info().rss)
    assert to_store() == CONNECTIONS
    # gRPC shares the connections of a process, so another test may have opened it.
    assert to_milvus() <= 1 <= len(open_to(milvus_server_uri)())
    assert memory[-1] - memory[1] < FLAT, [size >> 20 for size in memory]
