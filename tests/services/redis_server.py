"""A Redis server on a free port, with nothing on disk; or three of them as a cluster."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from services.processes import free_port, program, running


@contextlib.contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[int]:
    """Yields the port."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--dir", str(folder), "--save", "", "--appendonly", "no", *options]
    with (
        contextlib.closing(redis.Redis(port=port, retry=Retry(NoBackoff(), 0))) as client,
        running(command, folder / "log", lambda: _answers(client), 60),
    ):
        yield port


@contextlib.contextmanager
def redis_cluster(folder: Path) -> Iterator[str]:
    """Yields the URL of three masters."""
    cli = program("redis-cli", "redis-tools")
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
    with contextlib.ExitStack() as stack:
        ports = []
        for number in range(3):
            bus = ("--cluster-port", str(free_port()))
            server = redis_server(folder / str(number), *options, *bus)
            ports.append(stack.enter_context(server))
        nodes = [f"127.0.0.1:{port}" for port in ports]
        create = [cli, "--cluster", "create", *nodes, "--cluster-yes"]
        subprocess.run(create, check=True, capture_output=True, timeout=120)
        for port in ports:
            with contextlib.closing(redis.Redis(port=port)) as client:
                while client.cluster("info")["cluster_state"] != "ok":
                    time.sleep(0.05)
        yield f"redis+cluster://{nodes[0]}"


def _answers(client: redis.Redis) -> None:
    with contextlib.suppress(redis.AuthenticationError):  # a server that wants a password is up
        client.ping()
