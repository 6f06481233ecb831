"""Load a data set and check it; give its records and histories."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.preview import preview
from towhee_recsys.datasets.readers.frames import UserColumns
from towhee_recsys.datasets.readers.loading import load, load_frames
from towhee_recsys.datasets.sample import cinema
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.types import ITEM_ID, USER_ID, Id, Item, User


class HistoryBatch(NamedTuple):
    """The whole histories of B users, as lists of Python's own values."""

    user_ids: list[Id]
    item_ids: list[list[Id]]
    """Each user's items, oldest first."""
    timestamps: list[list[float]]
    """Theirs, in seconds since 1970; 0, 1, 2, … for each user if the data has none."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Contents):
    """Three checked tables; `load` and `from_frames` make one."""

    @classmethod
    def of(cls, contents: Contents) -> Dataset:
        """The data set with these contents; the tables are shared, not copied."""
        given = [field.name for field in fields(contents) if field.init]
        return cls(**{name: getattr(contents, name) for name in given}, rows=contents._rows)

    def _repr_html_(self) -> str:
        return preview(self)

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
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        *,
        schema: Schema | None = None,
        user_columns: UserColumns | None = None,
        order: Literal["file"] | None = None,
        name: str = "frames",
    ) -> Dataset:
        """Check data frames. Their columns may have other usual names (``userId``, ``item``).

        Without a `schema`, the values decide the roles: lists are ``multi_categorical``, numbers
        ``number``, words that repeat ``categorical``, other words ``text``.

        Columns of users are private until they are named. Without a name, a column that is called
        like a secret or a contact, or that differs for nearly every user, is left out. A named one
        is left out if it differs for nearly every user and the model would learn each value by
        heart. Without a `schema`, a column of items that is called like a secret of somebody
        (``owner_email``) is left out. Python's warnings, and the data set's own `warnings`, name
        what is left out.

        Args:
            interactions: a row for each interaction.
            items: a row for each item; without it, the interactions list the items.
            users: a row for each user; without it, the interactions list the users.
            schema: the columns to use and their roles.
            user_columns: the columns of users to use, if the `schema` names none: names, as in
                ``["country", "age"]``, or roles, as in ``{"country": "categorical"}``.
            order: ``"file"`` if the order of the rows is time order. It counts where there are no
                timestamps, or equal ones.
            name: what messages call the data set.

        Raises:
            DataError: lists every problem that could be found. Rows count from 0, as in `iloc`.
        """
        dataset = cls.of(
            load_frames(
                interactions,
                items,
                users,
                schema=schema,
                user_columns=user_columns,
                order=order,
                name=name,
            )
        )
        used = {"users": dataset.schema.users, "items": dataset.schema.items}
        for one in dataset.warnings:
            if one.file in used and one.column not in (None, USER_ID, ITEM_ID, *used[one.file]):
                warnings.warn(str(one), stacklevel=2)  # it was left out
        return dataset

    def item_records(self) -> list[Item]:
        """Each item as a dict that JSON can hold; None if a value is missing."""
        return _records(self.items)

    def user_records(self) -> list[User]:
        """Each user as a dict that JSON can hold; None if a value is missing."""
        return _records(self.users)

    def history_batches(self, size: int = 200_000) -> Iterator[HistoryBatch]:
        """The histories of all users who have one, in the order of the users' table.

        Args:
            size: interactions in a batch at most. A longer history comes alone.
        """
        past = self.histories
        offsets, times = past.offsets, past.timestamps
        user_ids, item_ids = self.users[USER_ID].to_numpy(), self.items[ITEM_ID].to_numpy()
        users = np.flatnonzero(past.lengths)
        ends = offsets[users + 1]
        first = 0
        while first < len(users):
            begin = int(offsets[users[first]])
            last = max(first + 1, int(np.searchsorted(ends, begin + size, side="right")))
            end = int(ends[last - 1])
            cuts = [0, *(ends[first:last] - begin).tolist()]
            order = np.arange(begin, end)
            if times is not None and not past.ordered:  # they lie as they were drawn
                owners = np.repeat(order[: last - first], past.lengths[users[first:last]])
                order = begin + np.lexsort([times[begin:end], owners])
            items = item_ids[past.items[order]].tolist()
            if times is None:
                moments = (np.arange(end - begin) - np.repeat(cuts[:-1], np.diff(cuts))).astype(
                    np.float64
                )
            else:
                moments = times[order]
            yield HistoryBatch(
                user_ids[users[first:last]].tolist(),
                _cut(items, cuts),
                _cut(moments.tolist(), cuts),
            )
            first = last


def sample(seed: int = 0) -> Dataset:
    """The invented cinema of `seed`: 300 films, 400 users. Made in well under a second."""
    return Dataset.of(cinema(seed))


def _cut(values: list[Any], cuts: list[int]) -> list[list[Any]]:
    return [values[begin:end] for begin, end in pairwise(cuts)]


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
