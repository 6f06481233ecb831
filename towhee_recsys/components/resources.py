"""Open the model, the index and the record store of one deployment once, share and close them."""

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
"""By name, the key and the value of an open part."""


class Closeable(Protocol):
    """What can be closed."""

    def close(self) -> None: ...


class Deployment(BaseModel):
    """Where the parts of a deployment are. What is absent cannot be used."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bundle: str | None = None
    """Folder of the model."""
    fingerprint: str | None = None
    """Of the model that is meant; by default of whichever the folder holds."""
    milvus_uri: str | None = None
    token_env: str = TOKEN_ENV
    """Environment variable that holds the token of a Milvus that asks for one."""
    store_url: str | None = None
    connections: int = CONNECTIONS
    """Connections to the record store at most."""


class Resources:
    """The model, the index and the record store of one deployment.

    Each part is opened when it is first used. `Resources` of one process that name the same part
    share it, and it is closed with the last of them. Threads may share one. What was collected
    without `close` is closed when the process next opens or closes something.
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
            BundleError: there is no bundle, it is damaged, or it is not the one of `fingerprint`.
        """
        return self._part("towers", self._model)

    @property
    def bundle(self) -> Bundle:
        """The same, without its towers' code."""
        return self.towers.bundle

    @property
    def user_encoder(self) -> UserEncoder:
        return UserEncoder(self.towers)

    @property
    def item_encoder(self) -> ItemEncoder:
        return ItemEncoder(self.towers)

    @property
    def fingerprint(self) -> str:
        """The model's."""
        return self.deployment.fingerprint or self.bundle.fingerprint

    @property
    def index(self) -> VectorStore:
        """
        Raises:
            ConfigError, StoreUnavailable: as `open_vector_store` does.
        """
        where = self.deployment
        uri = _given(where.milvus_uri, "milvus_uri")
        make = partial(open_vector_store, uri, token_env=where.token_env)
        return self._part("index", lambda: (("index", uri, where.token_env), make))

    @property
    def store(self) -> RecordStore:
        """
        Raises:
            ConfigError, StoreUnavailable: as `open_record_store` does.
        """
        where = self.deployment
        url = _given(where.store_url, "store_url")
        make = partial(open_record_store, url, connections=where.connections)
        return self._part("store", lambda: (("store", url, where.connections), make))

    @property
    def closed(self) -> bool:
        """True from the moment that `close` is called."""
        return self._closed

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep everything open within: `close` waits.

        Raises:
            StoreError: it is closed already.
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
        """Wait for the calls that are in use, then give every part back. Closing twice is fine."""
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
        wanted = self.deployment.fingerprint
        manifest = None if wanted else read_manifest(folder)
        fingerprint = wanted or cast(Manifest, manifest).fingerprint
        return ("model", folder, fingerprint), partial(_load, folder, fingerprint, manifest)

    def _part(self, name: str, find: Callable[[], tuple[Hashable, Callable[[], T]]]) -> T:
        held = self._held.get(name)
        if held is None:
            with self._lock:  # threads that come at the same moment wait for one result
                if not self._calls:  # a call under way may open what it needs to its end
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
            f"{folder} now holds the model {manifest.fingerprint}, and {fingerprint} is wanted; "
            "make the pipeline again, or put that model back"
        )
    return Towers(Bundle.load(folder, manifest))


def _given(setting: str | None, name: str) -> str:
    if setting is None:
        raise ConfigError(f"{name} is not set")
    return setting


class _Entry:
    """One open part, and how many `Resources` use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: Any = None
        self.users = 0


_open: dict[Hashable, _Entry] = {}
"""What this process has open. A part leaves with its last user."""
_open_lock = threading.Lock()
_abandoned: deque[Held] = deque()
"""What collected `Resources` held. The garbage collector may run in the middle of anything, also of
what holds a lock that closing needs: so it only leaves a note here."""
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
        with suppress(IndexError):  # another thread took it
            _release_all(_abandoned.popleft())


@atexit.register
def _close_all() -> None:
    """What a program did not close itself."""
    for entry in [_open.pop(key) for key in list(_open)]:
        if entry.value is not None:
            with suppress(Exception):  # the process ends, and nobody is left to be told
                entry.value.close()


def _after_fork() -> None:
    """Other threads of the parent may have held these locks, and their calls are not ours."""
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
