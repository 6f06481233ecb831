"""The exceptions of this library, as one tree. Each message can be understood on its own.

::

    RecsysError
    ├── DataError          the tables, or the schema that describes them
    ├── DownloadError      a data set could not be fetched
    ├── ConfigError        a setting is unknown, or of the wrong kind
    ├── RequestError       a request, or a filter in it, is wrong
    ├── TrainingError      a model cannot be trained or evaluated this way
    ├── BundleError        a model bundle is missing, damaged or altered
    ├── HubError           a folder of the hub is broken, or could not be published
    └── StoreError         a store refused, or answered wrongly
        ├── StoreUnavailable   the store cannot be reached, or did not answer in time
        ├── StoreLocked        another process holds the store
        ├── IndexMismatch      the index holds vectors of another model, or no vectors
        └── CollectionGone     a collection of the index is missing, or not loaded
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "BundleError",
    "CollectionGone",
    "ConfigError",
    "DataError",
    "DownloadError",
    "HubError",
    "IndexMismatch",
    "RecsysError",
    "RequestError",
    "StoreError",
    "StoreLocked",
    "StoreUnavailable",
    "TrainingError",
]


class RecsysError(Exception):
    """Any error of this library. The message says what is wrong and what to change."""


class DataError(RecsysError, ValueError):
    """The tables, or the schema that describes them, are wrong.

    If tables were read, `problems` holds a `towhee_recsys.datasets.Problem` for each problem that
    the message lists.
    """

    def __init__(self, message: str, problems: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class DownloadError(RecsysError):
    """A data set could not be fetched."""


class ConfigError(RecsysError, ValueError):
    """A setting is unknown, or of the wrong kind."""


class RequestError(RecsysError, ValueError):
    """A request, or a filter in it, is wrong."""


class TrainingError(RecsysError):
    """A model cannot be trained or evaluated this way."""


class BundleError(RecsysError):
    """A model bundle is missing, damaged, altered, or mixed from two bundles."""


class HubError(RecsysError):
    """A folder of the hub is broken, or could not be published."""


class StoreError(RecsysError):
    """A store refused, or answered wrongly."""


class StoreUnavailable(StoreError):
    """A store cannot be reached, or did not answer in time."""


class StoreLocked(StoreError):
    """Another process holds the store, which only one process may use."""


class IndexMismatch(StoreError):
    """The index holds vectors of another model, or no vectors."""


class CollectionGone(StoreError):
    """A collection of the index is missing, or not loaded."""
