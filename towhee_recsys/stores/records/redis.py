"""Records and histories in Redis or Valkey: one JSON text a key, as in ``recsys:items:42``."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.cluster import RedisCluster
from redis.exceptions import AuthenticationError, AuthorizationError, RedisClusterException
from redis.retry import Retry

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.records.documents import Change, DocumentStore, Kind

CLUSTER_SCHEME = "redis+cluster://"
UPDATE_ATTEMPTS = 100
KEYS_WATCHED = 100
"""Keys in one transaction: fewer conflict less often with other writers, more save round trips."""


class RedisStore(DocumentStore):
    """A `RecordStore` in Redis, Valkey, or a cluster of them.

    Histories change under WATCH and MULTI, so that concurrent writers lose nothing. In a cluster
    a transaction cannot span slots: there histories change one by one, and a batch that is read
    or written is not a snapshot of one moment.
    """

    def __init__(self, client: redis.Redis | RedisCluster, where: str, namespace: str = "recsys"):
        """
        Args:
            client: connected to the database; this store closes it.
            where: what messages call it, without a password.
            namespace: what all keys begin with.
        """
        self._client: Any = client
        self._cluster = isinstance(client, RedisCluster)
        self.where = where
        self.namespace = namespace

    def __repr__(self) -> str:
        return f"RedisStore({self.where!r})"

    def _name(self, kind: Kind, key: str) -> str:
        return f"{self.namespace}:{kind}:{key}"

    def _read(self, kind: Kind, keys: Sequence[str]) -> list[str | None]:
        with translated(self.where):
            read = self._client.mget_nonatomic if self._cluster else self._client.mget
            found: list[str | None] = read([self._name(kind, key) for key in keys])
        return found

    def _write(self, kind: Kind, texts: dict[str, str]) -> None:
        with translated(self.where):
            write = self._client.mset_nonatomic if self._cluster else self._client.mset
            write({self._name(kind, key): text for key, text in texts.items()})

    def _update(self, kind: Kind, keys: Sequence[str], change: Change) -> None:
        size = 1 if self._cluster else KEYS_WATCHED
        with translated(self.where):
            for start in range(0, len(keys), size):
                self._update_together(kind, keys[start : start + size], change)

    def _update_together(self, kind: Kind, keys: Sequence[str], change: Change) -> None:
        names = [self._name(kind, key) for key in keys]
        for attempt in range(UPDATE_ATTEMPTS):
            with self._client.pipeline(transaction=True) as pipe:
                try:
                    pipe.watch(*names)
                    found = [pipe.get(*names)] if self._cluster else pipe.mget(names)
                    texts = map(change, keys, found)
                    changed = {n: text for n, text in zip(names, texts, strict=True) if text}
                    pipe.multi()
                    for name, text in changed.items():
                        pipe.set(name, text)
                    pipe.execute()
                except redis.WatchError:
                    time.sleep(random.uniform(0, min(0.1, 0.002 * 2**attempt)))
                else:
                    return
        raise StoreError(
            f"{self.where}: other writers changed the same histories {UPDATE_ATTEMPTS} times in a"
            " row; write with fewer processes at a time"
        )

    def _delete(self, kind: Kind, keys: Sequence[str]) -> None:
        with translated(self.where):
            self._client.delete(*(self._name(kind, key) for key in keys))

    def _count(self, kind: Kind) -> int:
        pattern = self._name(kind, "*")
        with translated(self.where):
            return len(set(self._client.scan_iter(match=pattern, count=10_000)))

    def ping(self) -> None:
        with translated(self.where):
            self._client.ping()

    def close(self) -> None:
        self._client.close()


def connect(url: str, timeout: float, connections: int) -> redis.Redis | RedisCluster:
    """A client of ``redis://``, ``rediss://`` or ``redis+cluster://``, that reconnects by itself.

    Raises:
        ValueError: the URL is none that redis-py reads.
        redis.RedisError: a cluster, which is asked for its nodes at once, does not answer.
    """
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "max_connections": connections,
    }
    if url.startswith(CLUSTER_SCHEME):
        return RedisCluster.from_url(
            "redis://" + url.removeprefix(CLUSTER_SCHEME),
            connection_pool_class=redis.BlockingConnectionPool,
            **options,
        )
    pool = redis.BlockingConnectionPool.from_url(url, timeout=timeout, retry=reconnect(), **options)
    return redis.Redis.from_pool(pool)


def reconnect() -> Retry:
    """Three attempts within about half a second: enough for a server that restarts."""
    return Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.3), retries=3)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Let redis-py's exceptions out as this library's, naming the server."""
    try:
        yield
    except (AuthenticationError, AuthorizationError) as exc:
        raise StoreError(f"Redis at {where} refused the login: check user and password") from exc
    except (redis.ConnectionError, redis.TimeoutError, OSError) as exc:
        raise StoreUnavailable(
            f"Redis at {where} does not answer ({exc}): is it running, and the address right?"
        ) from exc
    except (redis.RedisError, RedisClusterException) as exc:
        raise StoreError(f"Redis at {where} refused: {exc}") from exc
