"""Everything that can go wrong, as one tree of exceptions whose messages stand alone.

::

    RecsysError
    ├── DataError          the tables, or the schema that describes them
    ├── DownloadError      a data set could not be fetched
    ├── ConfigError        a setting is unknown, or of the wrong kind
    ├── RequestError       a request, or a filter in it, cannot be answered as asked
    ├── TrainingError      training or evaluation cannot go on as asked
    ├── BundleError        a model bundle is missing, damaged, mixed or altered
    ├── HubError           a folder of the hub is broken, or could not be published
    └── StoreError         a store refused, or answered wrongly
        ├── StoreUnavailable   it cannot be reached, or did not answer in time
        ├── StoreLocked        another process holds it
        ├── IndexMismatch      the index holds vectors of another model, or none
        └── CollectionGone     a collection of the index is not there, or not loaded
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

    `problems` holds what the message lists, where tables were read:
    `towhee_recsys.datasets.Problem`.
    """

    def __init__(self, message: str, problems: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class DownloadError(RecsysError):
    """A data set could not be fetched."""


class ConfigError(RecsysError, ValueError):
    """A setting is unknown, or of the wrong kind."""


class RequestError(RecsysError, ValueError):
    """A request, or a filter in it, cannot be answered as asked."""


class TrainingError(RecsysError):
    """Training or evaluation cannot go on as asked."""


class BundleError(RecsysError):
    """A model bundle is missing, damaged, mixed from two, or altered."""


class HubError(RecsysError):
    """A folder in the form of Towhee's hub is broken, or could not be published."""


class StoreError(RecsysError):
    """A store refused, or answered wrongly."""


class StoreUnavailable(StoreError):
    """A store cannot be reached, or did not answer in time."""


class StoreLocked(StoreError):
    """Another process holds the store, and only one may."""


class IndexMismatch(StoreError):
    """The index holds vectors of another model than the one asked for, or none at all."""


class CollectionGone(StoreError):
    """A collection of the index is not there any more, or is not loaded."""
