"""Three validated tables and their schema, whatever they came from: what all the rest reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from towhee_recsys.datasets.schema import Schema
from towhee_recsys.types import Item, User


@dataclass(frozen=True)
class Source:
    """Where a data set was read from: enough to read it again, and to see whether it changed."""

    kind: Literal["sample", "movielens", "tables"]
    location: str
    """What `Dataset.load` takes: an absolute path, or ``sample:SEED``."""
    sha256: str
    """Of the bytes that were read."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Users, items, and who met what. `load` and `from_frames` make one, and check it.

    Ids are int64 where every id of their kind is a canonical integer, else str (dtype object).
    Columns of the users' and items' tables, by role:

    - ``categorical``: int64 (Int64 where some are missing), bool, or str or None (object)
    - ``multi_categorical``: a list of str in each row, empty where missing (object)
    - ``number``: Int64 or Float64, NA where missing
    - ``text``, ``display``: str or None (object)
    """

    name: str
    schema: Schema
    users: pd.DataFrame
    """``user_id``, unique, and the columns of `schema.users`. Made from the interactions, in the
    order in which users appear there, where the data has no table of users."""
    items: pd.DataFrame
    """``item_id``, unique, and the columns of `schema.items`."""
    interactions: pd.DataFrame
    """``user_id``, ``item_id``, ``timestamp`` (float64, seconds since 1970) and ``rating``
    (float32), the last two only where the data has them. In file order; of a repeated (user, item)
    pair only the first in time."""
    source: Source | None
    """None where the tables were data frames."""
    repeated: int
    """How many interactions were left out as repetitions."""

    @classmethod
    def load(
        cls,
        source: str | Path,
        *,
        cache: Path | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Dataset:
        """Read and check a data set.

        Args:
            source: ``sample`` (or ``sample:SEED``); the name of a MovieLens data set (``ml-100k``,
                ``ml-1m``, ``ml-10m``, ``ml-20m``, ``ml-25m``, ``ml-32m``, ``ml-latest-small``),
                which is downloaded unless `cache` holds it; a MovieLens zip or folder; or the
                YAML file that describes one's own tables.
            cache: folder of downloads; by default ``$TOWHEE_RECSYS_CACHE``, else
                ``~/.cache/towhee_recsys``.
            progress: called while downloading with the bytes so far and in all (None: unknown).

        Raises:
            DataError: with every problem that could be found in one pass.
            DownloadError: the data set could not be fetched.
        """
        from towhee_recsys.datasets.readers.loading import load

        return load(source, cache=cache, progress=progress)

    @classmethod
    def from_frames(
        cls,
        interactions: pd.DataFrame,
        items: pd.DataFrame,
        users: pd.DataFrame | None = None,
        *,
        schema: Schema | None = None,
        name: str = "frames",
    ) -> Dataset:
        """Check data frames, whose columns may go by usual other names (``userId``, ``item``).

        Without a `schema`, roles follow from the values: lists are ``multi_categorical``, numbers
        ``number``, words that repeat ``categorical``, other words ``text``.

        Raises:
            DataError: with every problem that could be found; rows count from 0, as `iloc` does.
        """
        from towhee_recsys.datasets.readers.loading import from_frames

        return from_frames(interactions, items, users, schema=schema, name=name)

    def item_records(self) -> list[Item]:
        """Each item as a dict that JSON can hold; None where a value is missing."""
        return _records(self.items)

    def user_records(self) -> list[User]:
        """Each user as a dict that JSON can hold; None where a value is missing."""
        return _records(self.users)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in table.columns]
    columns = [_plain(table[name]) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Python's own values, None for missing ones; lists are copied."""
    values = column.astype(object).tolist()
    return [
        list(value) if isinstance(value, list) else None if missing else value
        for value, missing in zip(values, column.isna().tolist(), strict=True)
    ]
