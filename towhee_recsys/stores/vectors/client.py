"""A Milvus URI becomes a client, and the client's exceptions this library's."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from towhee_recsys.errors import (
    CollectionGone,
    ConfigError,
    StoreError,
    StoreLocked,
    StoreUnavailable,
)
from towhee_recsys.stores.urls import mask

NO_COLLECTION = {4, 100, 101}  # not there in Milvus' old and new codes, not loaded
NO_CONNECTION = 2
_NOISY = (
    "pymilvus.decorators",
    "milvus_lite.server_manager",
)


def lite_path(uri: str) -> str | None:
    """The absolute path where `uri` is a Milvus Lite file, None where it is a server's address.

    Raises:
        ConfigError: it is neither.
    """
    if uri.startswith(("http://", "https://")):
        return None
    if "://" in uri or not uri.endswith(".db"):
        raise ConfigError(
            f"Milvus URI {mask(uri)!r}: give a file whose name ends in .db, or an address such as"
            " http://host:19530"
        )
    return os.path.abspath(uri)


class Connection:
    """One `MilvusClient`, made when first needed and shared by threads.

    Milvus Lite runs within the process that first opens a file, so the file is let go of when the
    last connection of this process to it closes.
    """

    def __init__(self, uri: str, token: str | None, db_name: str | None, timeout: float):
        self.path = lite_path(uri)
        self.where = self.path or mask(uri)
        self._address = self.path or uri
        self._options: dict[str, Any] = {"token": token or "", "db_name": db_name or ""}
        self._timeout = timeout
        self._client: MilvusClient | None = None
        self._lock = threading.Lock()

    def client(self) -> MilvusClient:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._connect()
        return self._client

    def _connect(self) -> MilvusClient:
        if self.path is None:
            try:
                return MilvusClient(self._address, timeout=self._timeout, **self._options)
            except ValueError as exc:
                raise ConfigError(f"Milvus URI {self.where!r}: {exc}") from exc
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        with _files_lock:
            client = MilvusClient(self._address, timeout=self._timeout)
            _files[self.path] += 1
        return client

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is None:
            return
        client.close()
        if self.path is not None:
            with _files_lock:
                _files[self.path] -= 1
                if not _files[self.path]:
                    from milvus_lite.server_manager import server_manager_instance

                    server_manager_instance.release_server(self.path)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Let Milvus' exceptions out as this library's, naming the URI, and nothing in the log:
        pymilvus logs a traceback with each exception that it raises as well."""
        _quiet.logged = []
        try:
            yield
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError, OSError) as exc:
            raise self._translate(exc) from exc
        finally:
            _quiet.logged = None

    def _translate(self, exc: Exception) -> Exception:
        causes = [repr(cause) for cause in _quiet.logged or ()]
        if any("DataDirLockedError" in cause for cause in causes):
            folder = Path(self.where).parent
            return StoreLocked(
                f"the Milvus Lite file {self.where} is in use by another process, and only one may"
                " open it. Close that process; or let all reach the file through one server: move"
                f" it into a folder of its own, run `milvus-lite server --data-dir {folder}"
                " --host 127.0.0.1 --port 19530`, and use http://127.0.0.1:19530"
            )
        code = getattr(exc, "code", None)
        message = getattr(exc, "message", "") or str(exc)
        if "milvus-lite is required" in message:
            return ConfigError(
                f"{self.where} needs Milvus Lite, which is not installed: pip install milvus-lite"
                " (Linux, macOS), or use a server's address"
            )
        lost = isinstance(exc, grpc.RpcError | grpc.FutureTimeoutError)
        if lost or isinstance(code, grpc.StatusCode) or code == NO_CONNECTION:
            return StoreUnavailable(
                f"Milvus at {self.where} does not answer: is it running,"
                f" and the address right? ({message})"
            )
        kind = CollectionGone if code in NO_COLLECTION else StoreError
        return kind(f"Milvus at {self.where}: {'; '.join([message, *causes])}")


_files: Counter[str] = Counter()
"""Milvus Lite files that are open in this process, and how many connections each has."""
_files_lock = threading.Lock()


class _Quiet(threading.local):
    logged: list[BaseException] | None = None
    """Exceptions that were logged while this thread is within `translated`, None outside."""


_quiet = _Quiet()


def _is_for_the_log(record: logging.LogRecord) -> bool:
    if _quiet.logged is None:
        return True
    if record.exc_info and record.exc_info[1]:
        _quiet.logged.append(record.exc_info[1])
    return False


for _name in _NOISY:
    logging.getLogger(_name).addFilter(_is_for_the_log)


def _is_no_missing_method(record: logging.LogRecord) -> bool:
    """pymilvus asks Milvus Lite, whose server runs in this process, for a timestamp that it has
    not and that nobody needs; the server logs a traceback about it. That one is left out, and no
    other."""
    frames = traceback.extract_tb(record.exc_info[2]) if record.exc_info else []
    return "AllocTimestamp" not in [frame.name for frame in frames]


logging.getLogger("grpc._server").addFilter(_is_no_missing_method)
