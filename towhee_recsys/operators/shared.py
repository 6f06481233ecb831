"""Settings → the encoder or store they name, made when first needed and shared by all operators.

Towhee copies operators and calls them from many threads; encoders and stores are thread-safe and
dear to make. So operators hold plain settings, and ask here for what these stand for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from towhee.operator import PyOperator, SharedType

from towhee_recsys.bundle import read_manifest, read_metadata, read_schema
from towhee_recsys.bundle.calibration import Calibration
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.errors import BundleError, ConfigError
from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.stores.opening import open_record_store, open_vector_store

if TYPE_CHECKING:
    from towhee_recsys.encoders import ItemEncoder, UserEncoder
    from towhee_recsys.stores.base import RecordStore, VectorStore

P = ParamSpec("P")
R = TypeVar("R")


class SharedOperator(PyOperator):
    """An operator of which one instance serves every thread, and stands for its copies."""

    @property
    def shared_type(self) -> Any:
        return SharedType.Shareable

    def __deepcopy__(self, memo: object) -> SharedOperator:
        # Towhee copies the graph with each node that is added; connections cannot be copied.
        return self


def _once(make: Callable[P, R]) -> Callable[P, R]:
    """Like `lru_cache`, but threads that ask at the same moment get the same object too."""
    cached, lock = lru_cache(maxsize=None)(make), threading.Lock()

    @wraps(make)
    def get(*args: P.args, **kwargs: P.kwargs) -> R:
        with lock:
            return cached(*args, **kwargs)  # type: ignore[arg-type]

    return get


def user_encoder(bundle: str, fingerprint: str | None = None) -> UserEncoder:
    """The encoder of the bundle in that folder, which must be the one of `fingerprint`, if given.

    Raises:
        BundleError: there is no bundle, or another one has taken its place.
    """
    return _user_encoder(bundle, _current(bundle, fingerprint))


def item_encoder(bundle: str, fingerprint: str | None = None) -> ItemEncoder:
    """Likewise."""
    return _item_encoder(bundle, _current(bundle, fingerprint))


def schema(bundle: str) -> Schema:
    """The schema of the bundle in that folder."""
    return _schema(bundle, _current(bundle, None))


def metadata(bundle: str) -> Metadata:
    """What the bundle in that folder was trained on."""
    return _metadata(bundle, _current(bundle, None))


def calibration(bundle: str, fingerprint: str | None = None) -> Calibration:
    """How likely what that bundle recommends is.

    Raises:
        BundleError: as `user_encoder` does.
        ConfigError: the bundle does not know.
    """
    found = user_encoder(bundle, fingerprint).bundle.calibration
    if found is None:
        raise ConfigError(
            f"the model in {bundle} cannot say how likely its recommendations are: it was trained "
            "without interactions kept back to learn it from, or by an earlier version; train it "
            "again with --holdout last-two, or leave 'calibrate' away"
        )
    return found


def _current(bundle: str, wanted: str | None) -> str:
    there = read_manifest(bundle).fingerprint
    if wanted not in (None, there):
        raise BundleError(
            f"{bundle} now holds the model {there}, and this pipeline was made for {wanted}; "
            "make the pipeline again"
        )
    return there


@_once
def _user_encoder(bundle: str, fingerprint: str) -> UserEncoder:
    from towhee_recsys.encoders import UserEncoder

    return UserEncoder(bundle)


@_once
def _item_encoder(bundle: str, fingerprint: str) -> ItemEncoder:
    from towhee_recsys.encoders import ItemEncoder

    return ItemEncoder(bundle)


@_once
def _schema(bundle: str, fingerprint: str) -> Schema:
    return read_schema(bundle)


@_once
def _metadata(bundle: str, fingerprint: str) -> Metadata:
    return read_metadata(bundle)


def record_store(url: str, connections: int = CONNECTIONS) -> RecordStore:
    """The store at that URL, with so many connections at most: one for all who ask alike.

    Raises:
        ConfigError, StoreUnavailable: as `towhee_recsys.stores.opening.open_record_store` does.
    """
    return _record_store(url, connections)


@_once
def _record_store(url: str, connections: int) -> RecordStore:
    return open_record_store(url, connections=connections)


@_once
def vector_store(uri: str) -> VectorStore:
    """The store at that URI, whose one connection all threads share."""
    return open_vector_store(uri)
