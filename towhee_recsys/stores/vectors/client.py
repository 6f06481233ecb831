"""Connect to Milvus, and turn its exceptions into this library's."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
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
from towhee_recsys.text import mask

NO_COLLECTION = {4, 100, 101}  # not there in Milvus' old and new codes, not loaded
NO_CONNECTION = 2


def lite_path(uri: str) -> str | None:
    """The absolute path of a Milvus Lite file, or None if `uri` is a server's address.

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
    """One `MilvusClient`, made when it is first needed and shared by threads.

    Milvus Lite runs within the process that first opens a file. Its server ends when the last
    connection of this process to the file closes, or when the file has been deleted. A connection
    then begins anew, as it does in the child of a fork.
    """

    def __init__(self, uri: str, token: str | None, db_name: str | None, timeout: float):
        self.path = lite_path(uri)
        self.where = self.path or mask(uri)
        self._uri = uri
        self._options: dict[str, Any] = {"token": token or "", "db_name": db_name or ""}
        self._timeout = timeout
        self._client: MilvusClient | None = None
        self._file: _LiteFile | None = None
        self._lock = threading.Lock()
        self._closed = False

    def client(self, make: bool = False) -> MilvusClient:
        """The client. If there is no Milvus Lite file, `make` one.

        Raises:
            CollectionGone: there is no file, and none is to be made.
            StoreError: the connection has been closed.
        """
        with self._lock:
            self.check_open()
            if self._file is not None and not self._file.is_there():
                self._disconnect()
            if self._client is None:
                if self.path and not make and not os.path.exists(self.path):
                    raise CollectionGone(f"there is no index at {self.path}: run ingest first")
                self._connect()
            return self._client

    def check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the connection to Milvus at {self.where} has been closed")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._disconnect()

    def forget(self) -> None:
        """Let the parent keep what a fork inherited; for the child."""
        self._lock = threading.Lock()
        self._client = self._file = None

    def _connect(self) -> None:
        _process.enter(self)
        try:
            if self.path is None:
                self._client = MilvusClient(
                    self._uri, timeout=self._timeout, dedicated=True, **self._options
                )
            else:
                self._client, self._file = _process.open_file(self.path, self._timeout)
        except BaseException as exc:
            _process.leave(self)
            if isinstance(exc, ValueError):
                raise ConfigError(f"Milvus URI {self.where!r}: {exc}") from exc
            raise

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        file, self._file = self._file, None
        if client is not None:
            client.close()
            if file is not None:
                _process.close_file(file)
            _process.leave(self)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn Milvus' exceptions into this library's, which name the URI. Nothing is logged."""
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


class _LiteFile:
    """A Milvus Lite file that this process serves."""

    def __init__(self, path: str):
        self.path = path
        self.connections = 0
        self.served = True
        self.folder = os.open(path, os.O_RDONLY)
        """Kept open, so that no other folder gets the same number."""

    def is_there(self) -> bool:
        """Whether this is still the file at its path."""
        if not self.served:
            return False
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self.folder))
        except OSError:
            return False

    def release(self) -> None:
        """End the server."""
        from milvus_lite.server_manager import server_manager_instance

        self.served = False
        deleted = not os.path.exists(self.path)
        server_manager_instance.release_server(self.path)
        os.close(self.folder)
        if deleted:  # but the server has written what it still held
            shutil.rmtree(self.path, ignore_errors=True)


class _Process:
    """What the connections of this process share: the servers of Milvus Lite's files, and filters
    that keep out of the log what is raised as an exception as well.

    The filters are there as long as there is a connection.
    """

    def __init__(self) -> None:
        self._hooked = False
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._files: dict[str, _LiteFile] = {}

    def enter(self, connection: Connection) -> None:
        with self._lock:
            if not self._connections:
                for name, is_for_the_log in _FILTERS.items():
                    logging.getLogger(name).addFilter(is_for_the_log)
            self._connections.add(connection)
            if not self._hooked and hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._begin_in_child)
                self._hooked = True

    def leave(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)
            if not self._connections:
                for name, is_for_the_log in _FILTERS.items():
                    logging.getLogger(name).removeFilter(is_for_the_log)

    def open_file(self, path: str, timeout: float) -> tuple[MilvusClient, _LiteFile]:
        with self._lock:
            file = self._files.get(path)
            if file is not None and not file.is_there():
                self._files.pop(path).release()
                file = None
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            client = MilvusClient(path, timeout=timeout, dedicated=True)
            if file is None:
                file = self._files[path] = _LiteFile(path)
            file.connections += 1
            return client, file

    def close_file(self, file: _LiteFile) -> None:
        with self._lock:
            file.connections -= 1
            if not file.connections and self._files.get(file.path) is file:
                self._files.pop(file.path).release()

    def _begin_in_child(self) -> None:
        """Leave to the parent of a fork what is the parent's. Its clients and servers are kept, as
        to end them would disturb the parent."""
        self._inherited = [
            self._connections,
            [connection._client for connection in self._connections],
        ]
        for connection in self._connections:
            connection.forget()
        for file in self._files.values():
            os.close(file.folder)
        module: Any = sys.modules.get("milvus_lite.server_manager")
        if module is not None:
            atexit.unregister(module.server_manager_instance.release_all)
            self._inherited.append(module.server_manager_instance)
            module.server_manager_instance = module.ServerManager()
        for name, is_for_the_log in _FILTERS.items():
            logging.getLogger(name).removeFilter(is_for_the_log)
        self._begin()


class _Quiet(threading.local):
    logged: list[BaseException] | None = None
    """Exceptions that were logged while this thread is within `translated`, None outside."""


_quiet = _Quiet()


def _is_not_raised(record: logging.LogRecord) -> bool:
    """pymilvus logs each exception that it raises, with a traceback."""
    if _quiet.logged is None:
        return True
    if record.exc_info and record.exc_info[1]:
        _quiet.logged.append(record.exc_info[1])
    return False


def _is_no_missing_method(record: logging.LogRecord) -> bool:
    """pymilvus asks Milvus Lite for a timestamp, which it does not have and nobody needs. The
    server, which runs in this process, logs a traceback about it. That one is left out, and no
    other."""
    frames = traceback.extract_tb(record.exc_info[2]) if record.exc_info else []
    return "AllocTimestamp" not in [frame.name for frame in frames]


_FILTERS: dict[str, Callable[[logging.LogRecord], bool]] = {
    "pymilvus.decorators": _is_not_raised,
    "pymilvus.client.connection_manager": _is_not_raised,
    "milvus_lite.server_manager": _is_not_raised,
    "grpc._server": _is_no_missing_method,
}

_process = _Process()
