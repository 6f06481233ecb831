"""Keep records and histories in Redis or Valkey, one JSON text a key."""

from __future__ import annotations

import random
import re
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.cluster import RedisCluster
from redis.exceptions import AuthenticationError, AuthorizationError, RedisClusterException
from redis.retry import Retry

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.records.documents import KINDS, Change, DocumentStore, Kind
from towhee_recsys.stores.records.redis_files import rewritten

CLUSTER_SCHEME = "redis+cluster://"
UPDATE_ATTEMPTS = 100
KEYS_WATCHED = 100
"""Keys in one transaction. Fewer keys conflict less often with other writers; more keys save round
trips."""
BUCKETS = 64
"""Parts into which a cluster's documents are divided."""
_ONE = ("",)


class RedisStore(DocumentStore):
    """A `RecordStore` in Redis, Valkey, or a cluster of them.

    Each document has a key, such as ``recsys:items:42``. The keys of all documents of a kind are
    also in a set, ``recsys:items``, which is written in the same transaction. So a count reads one
    number. The key ``recsys:counted`` says that the sets are complete; a store without it was
    filled by something else, and the sets are made first.

    Histories change under WATCH and MULTI, so that concurrent writers lose nothing.

    In a cluster a transaction cannot span hash slots. So the documents are divided into `BUCKETS`,
    each with a hash tag and sets of its own, such as ``recsys:{17}:items:42`` and
    ``recsys:{17}:items``. A batch that spans buckets is not a snapshot of one moment.
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
        self._counted = False
        self.where = where
        self.namespace = namespace

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.where!r})"

    def _read(self, kind: Kind, keys: Sequence[str]) -> list[str | None]:
        with self._calling():
            read = self._client.mget_nonatomic if self._cluster else self._client.mget
            found: list[str | None] = read([self._name(kind, key) for key in keys])
        return found

    def _write(self, kind: Kind, texts: dict[str, str]) -> None:
        with self._calling():
            self._complete_sets()
            for bucket, keys in self._buckets(texts).items():
                with self._client.pipeline(transaction=True) as pipe:
                    self._set(pipe, kind, bucket, {key: texts[key] for key in keys})
                    pipe.execute()

    def _update(self, kind: Kind, keys: Sequence[str], change: Change) -> None:
        with self._calling():
            self._complete_sets()
            self._change(kind, keys, change)

    def _delete(self, kind: Kind, keys: Sequence[str]) -> None:
        with self._calling():
            self._complete_sets()
            for bucket, some in self._buckets(keys).items():
                with self._client.pipeline(transaction=True) as pipe:
                    pipe.execute_command("DEL", *(self._name(kind, key) for key in some))
                    pipe.srem(self._set_name(kind, bucket), *some)
                    pipe.execute()

    def _count(self, kind: Kind) -> int:
        with self._calling():
            self._complete_sets()
            buckets = map(str, range(BUCKETS)) if self._cluster else _ONE
            with self._client.pipeline(transaction=False) as pipe:
                for bucket in buckets:
                    pipe.scard(self._set_name(kind, bucket))
                return sum(pipe.execute())

    def ping(self) -> None:
        with self._calling():
            self._client.ping()

    def erase(self) -> str | None:
        with self._calling():
            client = self._client
            nodes = client.get_primaries() if self._cluster else ()
            servers = [client.get_redis_connection(node) for node in nodes] or [client]
            return " ".join(filter(None, (rewritten(one, self.where) for one in servers))) or None

    def _disconnect(self) -> None:
        self._client.close()

    def _set_name(self, kind: Kind, bucket: str) -> str:
        return f"{self.namespace}:{{{bucket}}}:{kind}" if bucket else f"{self.namespace}:{kind}"

    def _name(self, kind: Kind, key: str) -> str:
        return f"{self._set_name(kind, self._bucket(key))}:{key}"

    def _bucket(self, key: str) -> str:
        return str(zlib.crc32(key.encode()) % BUCKETS) if self._cluster else ""

    def _buckets(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """The keys by bucket; all in one where there is no cluster."""
        buckets: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            buckets[self._bucket(key)].append(key)
        return buckets

    def _set(self, pipe: Any, kind: Kind, bucket: str, texts: dict[str, str]) -> None:
        """Put commands that write `texts`, of one bucket, into a transaction."""
        if not texts:
            return
        named = {self._name(kind, key): text for key, text in texts.items()}
        # redis-py lets no `mset` into a cluster's transaction, not knowing that all is in one slot
        pipe.execute_command("MSET", *chain.from_iterable(named.items()))
        pipe.sadd(self._set_name(kind, bucket), *texts)

    def _change(self, kind: Kind, keys: Iterable[str], change: Change) -> None:
        for bucket, some in self._buckets(keys).items():
            for start in range(0, len(some), KEYS_WATCHED):
                self._change_together(kind, bucket, some[start : start + KEYS_WATCHED], change)

    def _change_together(
        self, kind: Kind, bucket: str, keys: Sequence[str], change: Change
    ) -> None:
        names = [self._name(kind, key) for key in keys]
        for attempt in range(UPDATE_ATTEMPTS):
            with self._client.pipeline(transaction=True) as pipe:
                try:
                    pipe.watch(*names)
                    found = [pipe.get(n) for n in names] if self._cluster else pipe.mget(names)
                    texts = map(change, keys, found)
                    changed = {key: text for key, text in zip(keys, texts, strict=True) if text}
                    pipe.multi()
                    self._set(pipe, kind, bucket, changed)
                    pipe.execute()
                except redis.WatchError:
                    time.sleep(random.uniform(0, min(0.1, 0.002 * 2**attempt)))
                else:
                    return
        raise StoreError(
            f"{self.where}: other writers changed the same histories {UPDATE_ATTEMPTS} times in a"
            " row; write with fewer processes at a time"
        )

    def _complete_sets(self) -> None:
        """See to it, once, that the sets hold the keys of all documents."""
        if self._counted:
            return
        mark = f"{self.namespace}:counted"
        if not self._client.exists(mark):
            for kind in KINDS:
                self._add_to_set(kind)
            self._client.set(mark, 1)
        self._counted = True

    def _add_to_set(self, kind: Kind) -> None:
        prefix = f"{self.namespace}:{kind}:"
        pattern = re.sub(r"([\[\]*?\\])", r"\\\1", prefix) + "*"
        names = self._client.scan_iter(match=pattern, count=10_000)
        if self._cluster and next(names, None) is not None:
            raise StoreError(
                f"{self.where} holds keys {prefix}… that are in no bucket: an earlier version"
                " wrote them. Delete them, or use another namespace, and run ingest again"
            )
        self._change(kind, {name.removeprefix(prefix) for name in names}, lambda _, text: text)

    @contextmanager
    def _calling(self) -> Iterator[None]:
        self._check_open()
        with translated(self.where):
            yield


def connect(url: str, timeout: float, connections: int) -> redis.Redis | RedisCluster:
    """Make a client of a ``redis://``, ``rediss://`` or ``redis+cluster://`` URL. It reconnects by
    itself.

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
    """Turn redis-py's exceptions into this library's, which name the server."""
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
