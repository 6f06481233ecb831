"""A Milvus 2.3 server on a free port, from the PyPI package ``milvus``.

That package's dependencies disturb the project's, so it lives in an environment of its own; the
path of its ``milvus-server`` is in TOWHEE_RECSYS_TEST_MILVUS.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from services.processes import free_port, missing, running

DEFAULT = Path(__file__).parents[2] / ".venv-milvus" / "bin" / "milvus-server"


@contextlib.contextmanager
def milvus_server(folder: Path) -> Iterator[str]:
    """Yields the URI. Only one server can run at a time: some of its ports are fixed."""
    from pymilvus import MilvusClient

    executable = Path(os.environ.get("TOWHEE_RECSYS_TEST_MILVUS", DEFAULT))
    if not executable.is_file():
        missing(
            f"no Milvus server at {executable}: python -m venv .venv-milvus &&"
            " .venv-milvus/bin/pip install milvus==2.3.5 (Linux on x86-64),"
            " or name another with TOWHEE_RECSYS_TEST_MILVUS"
        )
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [str(executable), "--data", str(folder), "--proxy-port", str(port)]

    def answers() -> None:
        with contextlib.closing(MilvusClient(uri, timeout=3)) as client:
            client.list_collections(timeout=3)

    with running(command, folder / "log", answers, 120):
        yield uri
