"""Report what a data set holds and what is wrong with it, without failing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.doubts import ascending_ids, doubts
from towhee_recsys.datasets.enough import too_small
from towhee_recsys.datasets.histories import Order
from towhee_recsys.datasets.readers.loading import examine
from towhee_recsys.datasets.readers.problems import Problem, Problems
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.datasets.splits import AUTO, split
from towhee_recsys.types import ITEM_ID, TIMESTAMP, USER_ID, Role


@dataclass(frozen=True, repr=False)
class Report:
    """What `validate` found. A figure that cannot be known because of a problem is None."""

    source: str
    problems: tuple[Problem, ...]
    """What makes the data set unusable."""
    warnings: tuple[Problem, ...]
    """What is doubtful in it."""
    user_columns: dict[str, Role]
    item_columns: dict[str, Role]
    users: int | None = None
    items: int | None = None
    interactions: int | None = None
    """Rows; without the repetitions if nothing is wrong."""
    user_ids: str | None = None
    """``int`` or ``str``."""
    item_ids: str | None = None
    first: str | None = None
    """The times of the first and the last interaction, ISO 8601 in UTC; None without timestamps."""
    last: str | None = None
    order: Order | None = None
    """What puts a user's interactions in order, if anything does."""
    tied: float | None = None
    """The share of users' consecutive interactions that have equal times."""
    ascending: float | None = None
    """Of each user's consecutive rows that times do not put in order, the share with ascending item
    ids. It is near 0 or 1 if the rows are sorted by id. None if times decide everything."""
    sparsity: float | None = None
    """The share of all (user, item) pairs without an interaction."""
    short_histories: int | None = None
    """Users with fewer than three interactions. They are trained on but not evaluated."""
    repeated: int | None = None
    """Interactions left out as repetitions of a (user, item) pair."""

    @property
    def ok(self) -> bool:
        """Whether the data set can be used."""
        return not self.problems

    def __repr__(self) -> str:
        found = f"{len(self.problems)} problems, {len(self.warnings)} warnings"
        return f"<Report on {self.source}: {found}>"

    def __str__(self) -> str:
        """A text for people: what the data holds, what is doubtful, and what is wrong."""

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
        if self.order:
            lines.append(f"  order  {self._order_in_words()}")
        if self.sparsity is not None:
            lines.append(
                f"  {self.sparsity:.2%} sparse; {number(self.short_histories)} "
                f"users have fewer than three interactions; {number(self.repeated)} repetitions "
                "were left out"
            )
        for found, what in ((self.warnings, "doubtful"), (self.problems, "wrong")):
            if found:
                lines.append(
                    f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} {what}:"
                )
                lines += [f"- {one}" for one in found]
        return "\n".join(lines if self.problems or self.warnings else [*lines, "Nothing is wrong."])

    def _order_in_words(self) -> str:
        equal = f"; {self.tied:.1%} of consecutive times are equal" if self.tied else ""
        if self.order == "file":
            return f"the order of the rows{' at equal times' if self.first else ''}{equal}"
        return f"{'by time' if self.order == 'time' else 'unknown'}{equal}"

    def to_dict(self) -> dict[str, Any]:
        """The report as data that JSON can hold.

        `problems` are messages; each of `warnings` has a ``message``, and its ``file``, ``column``,
        ``count`` and ``examples``.
        """
        warnings = [
            {
                "message": str(one),
                "file": one.file,
                "column": one.column,
                "count": one.count,
                "examples": [{"row": row, "value": value} for row, value in one.examples],
            }
            for one in self.warnings
        ]
        problems = [str(one) for one in self.problems]
        return {**asdict(self), "ok": self.ok, "problems": problems, "warnings": warnings}


def validate(
    source: str | Path,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Report:
    """Read what `Dataset.load` reads, and report problems instead of raising DataError.

    Data that `train` would refuse, as it is too small, has a problem too.

    Raises:
        DownloadError: the data set could not be fetched.
    """
    problems = Problems()
    parts, contents = examine(source, problems, cache=cache, progress=progress)
    if contents is not None:
        return _of_contents(str(source), contents)
    schema = parts.schema if parts else Schema()
    return Report(
        source=str(source),
        problems=tuple(problems),
        warnings=tuple(problems.warnings),
        user_columns={name: column.role for name, column in schema.users.items()},
        item_columns={name: column.role for name, column in schema.items.items()},
        users=_rows(parts.users) if parts else None,
        items=_rows(parts.items) if parts else None,
        interactions=_rows(parts.interactions) if parts else None,
    )


def _of_contents(source: str, contents: Contents) -> Report:
    users, items, interactions = map(len, (contents.users, contents.items, contents.interactions))
    times = contents.interactions.get(TIMESTAMP)
    parts = split(contents.histories, AUTO)[0]
    trained = int(np.count_nonzero(parts.train.item_counts(items)))
    ascending, pairs = ascending_ids(contents)
    refused = too_small(contents.name, items, trained, held_out=True)
    return Report(
        source=source,
        problems=() if refused is None else (refused,),
        warnings=doubts(contents),
        user_columns={name: column.role for name, column in contents.schema.users.items()},
        item_columns={name: column.role for name, column in contents.schema.items.items()},
        users=users,
        items=items,
        interactions=interactions,
        user_ids=_kind(contents.users[USER_ID].dtype),
        item_ids=_kind(contents.items[ITEM_ID].dtype),
        first=None if times is None else _date(times.min()),
        last=None if times is None else _date(times.max()),
        order=contents.order,
        tied=None if times is None else contents.histories.tied,
        ascending=ascending / pairs if pairs else None,
        sparsity=1.0 - interactions / (users * items),
        short_histories=int(np.count_nonzero(contents.histories.lengths < 3)),
        repeated=contents.repeated,
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
