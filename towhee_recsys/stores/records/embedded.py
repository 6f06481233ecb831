"""Keep records and histories in a folder, with a Valkey server that the library starts."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import Any

import redis

from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.stores.records.redis import RedisStore, reconnect
from towhee_recsys.stores.records.valkey_server import ValkeyServer


class EmbeddedStore(RedisStore):
    """A `RedisStore` with a server of its own, which starts when a connection is made and stops
    when no process uses its folder any more."""

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
            StoreUnavailable: the folder cannot be used, or the server does not start.
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
        super().__init__(redis.Redis.from_pool(pool), where, namespace)

    def _disconnect(self) -> None:
        super()._disconnect()
        _give_back(self._server)


def _connection_class(server: ValkeyServer) -> type[redis.UnixDomainSocketConnection]:
    class Connection(redis.UnixDomainSocketConnection):
        """Sees to it that there is a server to connect to, and that it is the folder's."""

        def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
            if server.folder not in _servers:  # nobody would stop the server again
                raise redis.ConnectionError("the store has been closed")
            if self.is_connected and not server.is_there():
                self.disconnect()  # type: ignore[no-untyped-call]
            if not self.is_connected:
                server.ensure()
            super().connect_check_health(*args, **kwargs)

    return Connection


_servers: dict[Path, tuple[ValkeyServer, int]] = {}
"""This process's folders: the server, and how many stores of this process use it."""
_servers_lock = threading.RLock()


def _acquire(folder: Path) -> ValkeyServer:
    with _servers_lock:
        server, users = _servers.get(folder.resolve(), (None, 0))
        server = server or ValkeyServer(folder)
        _servers[server.folder] = server, users + 1
    return server


def _give_back(server: ValkeyServer) -> None:
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


def _forget_all() -> None:
    """In the child of a fork: use no server before the child asks one."""
    global _servers_lock
    _servers_lock = threading.RLock()
    for server, _ in _servers.values():
        server.forget()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no embedded server
    os.register_at_fork(after_in_child=_forget_all)
