"""Open, share and close the model, the index and the record store of a deployment."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from towhee_recsys.bundle.bundle import Bundle, Manifest, read_manifest
from towhee_recsys.encoders import ItemEncoder, Towers, UserEncoder
from towhee_recsys.errors import BundleError, ConfigError, StoreError
from towhee_recsys.stores.base import CONNECTIONS, RecordStore, VectorStore
from towhee_recsys.stores.opening import TOKEN_ENV, open_record_store, open_vector_store

T = TypeVar("T", bound="Closeable")
Held: TypeAlias = "dict[str, tuple[Hashable, Any]]"
"""Open parts by name, each with its key and its value."""


class Closeable(Protocol):
    """An object that can be closed."""

    def close(self) -> None: ...


class Deployment(BaseModel):
    """The addresses of a deployment's parts. A part without an address cannot be used."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bundle: str | None = None
    """Folder of the model."""
    fingerprint: str | None = None
    """The expected model's fingerprint. By default any model in the folder is used."""
    milvus_uri: str | None = None
    token_env: str = TOKEN_ENV
    """The environment variable with the token for Milvus, if Milvus requires one."""
    store_url: str | None = None
    connections: int = CONNECTIONS
    """Connections to the record store, at most."""


class Resources:
    """The model, the index and the record store of a deployment.

    Each part is opened when it is first used. All `Resources` of a process that name the same part
    share it, and the last one to close closes it. Threads may share one object. If an object is
    garbage-collected without `close`, its parts are closed when the process next opens or closes a
    part.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._held: Held = {}
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        self._calls = 0
        self._closed = False
        _alive.add(self)
        weakref.finalize(self, _abandoned.append, self._held).atexit = False

    @property
    def towers(self) -> Towers:
        """The model.

        Raises:
            BundleError: there is no bundle, it is damaged, or its fingerprint is not the expected
                one.
        """
        return self._part("towers", self._model)

    @property
    def bundle(self) -> Bundle:
        """The model's bundle. Errors are those of `towers`."""
        return self.towers.bundle

    @property
    def user_encoder(self) -> UserEncoder:
        return UserEncoder(self.towers)

    @property
    def item_encoder(self) -> ItemEncoder:
        return ItemEncoder(self.towers)

    @property
    def fingerprint(self) -> str:
        """The model's fingerprint."""
        return self.deployment.fingerprint or self.bundle.fingerprint

    @property
    def index(self) -> VectorStore:
        """The index.

        Raises:
            ConfigError, StoreUnavailable: as in `open_vector_store`.
        """
        where = self.deployment
        uri = _given(where.milvus_uri, "milvus_uri")
        make = partial(open_vector_store, uri, token_env=where.token_env)
        return self._part("index", lambda: (("index", uri, where.token_env), make))

    @property
    def store(self) -> RecordStore:
        """The record store.

        Raises:
            ConfigError, StoreUnavailable: as in `open_record_store`.
        """
        where = self.deployment
        url = _given(where.store_url, "store_url")
        make = partial(open_record_store, url, connections=where.connections)
        return self._part("store", lambda: (("store", url, where.connections), make))

    @property
    def closed(self) -> bool:
        """True as soon as `close` has been called."""
        return self._closed

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep all parts open within a ``with`` block. `close` waits for its end.

        Raises:
            StoreError: these resources are closed.
        """
        with self._lock:
            self._check_open()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                self._idle.notify_all()

    def close(self) -> None:
        """Wait for all `in_use` blocks, then give up every part. Closing twice does no harm."""
        with self._lock:
            self._closed = True
            self._idle.wait_for(lambda: not self._calls)
        _close_abandoned()
        _release_all(self._held)

    def __enter__(self) -> Resources:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _model(self) -> tuple[Hashable, Callable[[], Towers]]:
        folder = str(Path(_given(self.deployment.bundle, "bundle")).absolute())
        expected = self.deployment.fingerprint
        manifest = None if expected else read_manifest(folder)
        fingerprint = expected or cast(Manifest, manifest).fingerprint
        return ("model", folder, fingerprint), partial(_load, folder, fingerprint, manifest)

    def _part(self, name: str, find: Callable[[], tuple[Hashable, Callable[[], T]]]) -> T:
        held = self._held.get(name)
        if held is None:
            with self._lock:  # only one thread opens it, the others wait
                if not self._calls:  # a running call may still open parts
                    self._check_open()
                held = self._held.get(name)
                if held is None:
                    key, make = find()
                    held = self._held[name] = key, _acquire(key, make)
        return cast(T, held[1])

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("this pipeline or operator is closed; make a new one")


def _load(folder: str, fingerprint: str, manifest: Manifest | None) -> Towers:
    manifest = manifest or read_manifest(folder)
    if manifest.fingerprint != fingerprint:
        raise BundleError(
            f"{folder} now holds the model {manifest.fingerprint}, but {fingerprint} is expected; "
            "build the pipeline again, or restore that model"
        )
    return Towers(Bundle.load(folder, manifest))


def _given(setting: str | None, name: str) -> str:
    if setting is None:
        raise ConfigError(f"{name} is not set")
    return setting


class _Entry:
    """An open part, and the number of `Resources` that use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: Any = None
        self.users = 0


_open: dict[Hashable, _Entry] = {}
"""The open parts of this process. A part is removed with its last user."""
_open_lock = threading.Lock()
_abandoned: deque[Held] = deque()
"""Parts of garbage-collected `Resources`. The collector may run while this thread holds a lock that
closing needs, so it only records the parts here."""
_alive: weakref.WeakSet[Resources] = weakref.WeakSet()


def _acquire(key: Hashable, make: Callable[[], T]) -> T:
    _close_abandoned()
    with _open_lock:
        entry = _open.setdefault(key, _Entry())
        entry.users += 1
    try:
        with entry.lock:
            if entry.value is None:
                entry.value = make()
    except BaseException:
        _release(key)
        raise
    return cast(T, entry.value)


def _release(key: Hashable) -> None:
    with _open_lock:
        entry = _open.get(key)
        if entry is None:
            return
        entry.users -= 1
        if entry.users:
            return
        del _open[key]
    if entry.value is not None:
        entry.value.close()


def _release_all(held: Held) -> None:
    while held:
        _, (key, _) = held.popitem()
        _release(key)


def _close_abandoned() -> None:
    while _abandoned:
        with suppress(IndexError):  # another thread was faster
            _release_all(_abandoned.popleft())


@atexit.register
def _close_all() -> None:
    """Close what the program did not close itself."""
    for entry in [_open.pop(key) for key in list(_open)]:
        if entry.value is not None:
            with suppress(Exception):  # the process ends, so nobody can handle an error
                entry.value.close()


def _after_fork() -> None:
    """Replace the locks, which other threads of the parent process may hold, and forget their
    calls."""
    global _open_lock
    _open_lock = threading.Lock()
    for entry in _open.values():
        entry.lock = threading.Lock()
    for resources in _alive:
        resources._lock = threading.RLock()
        resources._idle = threading.Condition(resources._lock)
        resources._calls = 0


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
