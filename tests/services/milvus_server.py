"""A Milvus 2.3 server on free ports, from the PyPI package ``milvus``.

That package's dependencies disturb the project's, so it lives in an environment of its own; the
path of its ``milvus-server`` is in TOWHEE_RECSYS_TEST_MILVUS.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from services.processes import free_port, missing, running

PORTS = [
    "proxy",
    "proxy-internal",
    "root-coord",
    "query-coord",
    "query-node",
    "index-coord",
    "index-node",
    "data-coord",
    "data-node",
]
ETCD = """
listen-client-urls: {client}
advertise-client-urls: {client}
listen-peer-urls: {peer}
initial-advertise-peer-urls: {peer}
initial-cluster: default={peer}
"""
"""The etcd within Milvus, whose own ports are always the same."""

DEFAULT = Path(__file__).parents[2] / ".venv-milvus" / "bin" / "milvus-server"


@contextlib.contextmanager
def milvus_server(folder: Path) -> Iterator[str]:
    """Yields the URI."""
    from pymilvus import MilvusClient

    executable = Path(os.environ.get("TOWHEE_RECSYS_TEST_MILVUS", DEFAULT))
    if not executable.is_file():
        missing(
            f"no Milvus server at {executable}: python -m venv .venv-milvus &&"
            " .venv-milvus/bin/pip install milvus==2.3.5 (Linux on x86-64),"
            " or name another with TOWHEE_RECSYS_TEST_MILVUS"
        )
    ports = {name: free_port() for name in PORTS}
    uri = f"http://127.0.0.1:{ports['proxy']}"
    command = [str(executable), "--data", str(folder)]
    for name, port in ports.items():
        command += [f"--{name}-port", str(port)]
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    etcd = folder / "etcd.yaml"
    etcd.write_text(ETCD.format(client=client, peer=peer), "utf-8")

    def answers() -> None:
        with contextlib.closing(MilvusClient(uri, timeout=3)) as client:
            client.list_collections(timeout=3)

    with running(command, folder / "log", answers, 300, ETCD_CONFIG_PATH=str(etcd)):
        yield uri
