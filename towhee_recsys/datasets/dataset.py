"""Load a data set and check it; give its records and histories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.readers.loading import load, load_frames
from towhee_recsys.datasets.sample import cinema
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.types import Item, User


@dataclass(frozen=True, eq=False)
class Dataset(Contents):
    """Three checked tables; `load` and `from_frames` make one."""

    @classmethod
    def of(cls, contents: Contents) -> Dataset:
        """The data set with these contents; the tables are shared, not copied."""
        given = [field.name for field in fields(contents) if field.init]
        return cls(**{name: getattr(contents, name) for name in given}, rows=contents._rows)

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
            source: one of these: ``sample`` (or ``sample:SEED``); the name of a MovieLens data set
                (``ml-100k``, ``ml-1m``, ``ml-10m``, ``ml-20m``, ``ml-25m``, ``ml-32m``,
                ``ml-latest-small``), which is downloaded unless `cache` holds it; a MovieLens zip
                or folder; the YAML file that describes your own tables.
            cache: folder of downloads; by default ``$TOWHEE_RECSYS_CACHE``, else
                ``~/.cache/towhee_recsys``.
            progress: called while downloading with the bytes so far and in total (None: unknown).

        Raises:
            DataError: lists every problem that could be found in one pass.
            DownloadError: the data set could not be fetched.
        """
        return cls.of(load(source, cache=cache, progress=progress))

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
        """Check data frames. Their columns may have other usual names (``userId``, ``item``).

        Without a `schema`, the values decide the roles: lists are ``multi_categorical``, numbers
        ``number``, words that repeat ``categorical``, other words ``text``.

        Raises:
            DataError: lists every problem that could be found. Rows count from 0, as in `iloc`.
        """
        return cls.of(load_frames(interactions, items, users, schema=schema, name=name))

    def item_records(self) -> list[Item]:
        """Each item as a dict that JSON can hold; None if a value is missing."""
        return _records(self.items)

    def user_records(self) -> list[User]:
        """Each user as a dict that JSON can hold; None if a value is missing."""
        return _records(self.users)


def sample(seed: int = 0) -> Dataset:
    """The invented cinema of `seed`: 300 films, 400 users. Made in well under a second."""
    return Dataset.of(cinema(seed))


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
