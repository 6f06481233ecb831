"""Which column of a table holds what: as named by the user, else by the names usual elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from towhee_recsys.datasets.readers.movielens import MOVIE_ID
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.text import near
from towhee_recsys.types import ITEM_ID, RATING, RESERVED_COLUMNS, TIMESTAMP, USER_ID

_USUAL: Mapping[str, tuple[str, ...]] = {
    USER_ID: (USER_ID, "user", "uid"),
    ITEM_ID: (ITEM_ID, "item", "iid", MOVIE_ID),
    TIMESTAMP: (TIMESTAMP, "time", "datetime", "date"),
    RATING: (RATING, "stars"),
}
"""Tried in this order; case, underscores, hyphens and spaces do not matter."""


def locate(
    file: str,
    header: Sequence[str],
    required: Iterable[str],
    optional: Iterable[str],
    given: Mapping[str, str],
    columns: Collection[str],
    problems: Problems,
) -> dict[str, str]:
    """The library's names → the file's, for ids and the like and for the schema's `columns`.

    `given` are the file's names that the user wrote down. A column of the schema is never taken
    for an id by its usual name alone. What is not found is left out, and noted if it was asked for.
    """
    found = {}
    free = [name for name in header if name not in columns]
    required = tuple(required)
    for name in (*required, *optional):
        column = given.get(name) or _usual(name, free)
        if column in header:
            found[name] = str(column)
        elif name in given:
            problems.add(file, "there is no such column", near(given[name], header), column=column)
        elif name in required:
            there = f"There is {', '.join(header)}." if header else "There is none at all."
            remedy = f"Call one {name}, or say which it is. {there}"
            problems.add(file, f"no column holds the {name}", remedy)
    for name in columns:
        if name in header:
            found[name] = name
        else:
            problems.add(file, "there is no such column", near(name, free), column=name)
    return found


def free_to_bear(file: str, columns: Iterable[str], problems: Problems) -> list[str]:
    """Those of `columns` whose names no answer uses for itself; the others are noted."""
    reserved = RESERVED_COLUMNS | {USER_ID, ITEM_ID}
    free = []
    for name in columns:
        if name in reserved:
            remedy = f"Rename it; {', '.join(sorted(reserved))} are taken."
            problems.add(file, "an answer uses this name itself", remedy, column=name)
        else:
            free.append(name)
    return free


def _usual(name: str, header: Sequence[str]) -> str | None:
    if name in header:
        return name
    bare = {_bare(column): column for column in reversed(header)}
    return next((bare[_bare(n)] for n in _USUAL[name] if _bare(n) in bare), None)


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
