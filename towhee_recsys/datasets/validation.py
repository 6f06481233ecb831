"""A data set is read to say what was understood of it, and what is wrong, without failing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from towhee_recsys.datasets.dataset import Dataset
from towhee_recsys.datasets.readers.loading import examine
from towhee_recsys.datasets.readers.problems import Problem, Problems
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.datasets.splits import histories
from towhee_recsys.types import ITEM_ID, TIMESTAMP, USER_ID, Role


@dataclass(frozen=True)
class Report:
    """What `validate` understood. What cannot be known while something is wrong is None."""

    source: str
    problems: tuple[Problem, ...]
    user_columns: dict[str, Role]
    item_columns: dict[str, Role]
    users: int | None = None
    items: int | None = None
    interactions: int | None = None
    """Rows; repetitions are left out of them where nothing is wrong."""
    user_ids: str | None = None
    """``int`` or ``str``."""
    item_ids: str | None = None
    first: str | None = None
    """The first and the last interaction, ISO 8601 in UTC; None where there are no timestamps."""
    last: str | None = None
    sparsity: float | None = None
    """The share of all (user, item) pairs that did not meet."""
    short_histories: int | None = None
    """Users with fewer than three interactions, who are learnt from but not evaluated."""
    repeated: int | None = None
    """Interactions left out as repetitions of a (user, item) pair."""

    @property
    def ok(self) -> bool:
        """Whether the data set can be used."""
        return not self.problems

    def __str__(self) -> str:
        """For people: what was understood, line by line, then what is wrong."""

        def columns(roles: dict[str, Role], ids: str | None) -> str:
            named = [f"{name} ({role})" for name, role in roles.items()]
            return ", ".join([f"id ({ids or 'unknown'})", *named])

        def number(value: int | None) -> str:
            return "?" if value is None else f"{value:,}"

        lines = [
            f"{self.source}: {number(self.users)} users, {number(self.items)} items, "
            f"{number(self.interactions)} interactions",
            f"  users  {columns(self.user_columns, self.user_ids)}",
            f"  items  {columns(self.item_columns, self.item_ids)}",
        ]
        if self.first and self.last:
            lines.append(f"  time   {self.first} to {self.last}")
        if self.sparsity is not None:
            lines.append(
                f"  {self.sparsity:.2%} of all pairs did not meet; {number(self.short_histories)} "
                f"users have fewer than three interactions; {number(self.repeated)} repetitions "
                "were left out"
            )
        count = len(self.problems)
        lines.append(
            "Nothing is wrong."
            if self.ok
            else f"{count} {'thing is' if count == 1 else 'things are'} wrong:"
        )
        return "\n".join([*lines, *(f"- {problem}" for problem in self.problems)])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data that JSON can hold; `problems` as messages."""
        return {**asdict(self), "ok": self.ok, "problems": [str(p) for p in self.problems]}


def validate(
    source: str | Path,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Report:
    """Read what `Dataset.load` would, and report on it instead of failing on wrong data.

    Raises:
        DownloadError: the data set could not be fetched.
    """
    problems = Problems()
    parts, dataset = examine(source, problems, cache=cache, progress=progress)
    if dataset is not None:
        return _of_dataset(str(source), dataset)
    schema = parts.schema if parts else Schema()
    return Report(
        source=str(source),
        problems=tuple(problems),
        user_columns={name: column.role for name, column in schema.users.items()},
        item_columns={name: column.role for name, column in schema.items.items()},
        users=_rows(parts.users) if parts else None,
        items=_rows(parts.items) if parts else None,
        interactions=_rows(parts.interactions) if parts else None,
    )


def _of_dataset(source: str, dataset: Dataset) -> Report:
    users, items, met = len(dataset.users), len(dataset.items), len(dataset.interactions)
    times = dataset.interactions.get(TIMESTAMP)
    return Report(
        source=source,
        problems=(),
        user_columns={name: column.role for name, column in dataset.schema.users.items()},
        item_columns={name: column.role for name, column in dataset.schema.items.items()},
        users=users,
        items=items,
        interactions=met,
        user_ids=_kind(dataset.users[USER_ID].dtype),
        item_ids=_kind(dataset.items[ITEM_ID].dtype),
        first=None if times is None else _date(times.min()),
        last=None if times is None else _date(times.max()),
        sparsity=1.0 - met / (users * items),
        short_histories=int(np.count_nonzero(histories(dataset).lengths < 3)),
        repeated=dataset.repeated,
    )


def _rows(table: Table | None) -> int | None:
    return None if table is None else len(table)


def _kind(dtype: object) -> str:
    return "int" if dtype == np.int64 else "str"


def _date(seconds: float) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # a year beyond 9999
        return None
