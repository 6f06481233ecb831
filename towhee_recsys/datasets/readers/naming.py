"""Find the column that holds each field: by the name the user gave, else by its usual names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.text import listed, near, short
from towhee_recsys.types import ITEM_ID, RATING, RESERVED_COLUMNS, TIMESTAMP, USER_ID

MOVIE_ID = "movieId"
"""What MovieLens, and many a table made from it, calls the item's id."""

_SHOWN = 12
"""Names that a message lists."""
_LONGEST = 30
"""Characters of a name that a message quotes."""

_USUAL: Mapping[str, tuple[str, ...]] = {
    USER_ID: (USER_ID, "user", "uid"),
    ITEM_ID: (ITEM_ID, "item", "iid", MOVIE_ID),
    TIMESTAMP: (TIMESTAMP, "time", "datetime", "date"),
    RATING: (RATING, "stars"),
}
"""Tried in this order, without regard to case, underscores, hyphens and spaces."""


def locate(
    file: str,
    header: Sequence[str],
    required: Iterable[str],
    optional: Iterable[str],
    given: Mapping[str, str],
    columns: Collection[str],
    problems: Problems,
    called: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Map the library's names to the file's, for ids, times, ratings and the schema's `columns`.

    A column of the schema is not taken for an id just because its name is usual. A name that is
    not found is left out, and is a problem if it was required or given.

    Args:
        file: how problems call the file.
        header: the file's columns.
        required: names that must be found.
        optional: names that may be absent.
        given: the file's name for some of them, as the user wrote it.
        columns: the schema's columns of this table.
        problems: where to note what is missing.
        called: the file's names for the schema's columns, where they differ.
    """
    found = {}
    theirs = {name: (called or {}).get(name, name) for name in columns}
    free = [name for name in header if name not in theirs.values()]
    required = tuple(required)
    nowhere = []
    absent = []
    for name in (*required, *optional):
        column = given.get(name) or _usual(name, free)
        if column in header:
            found[name] = str(column)
        elif name in given:
            absent.append((given[name], header))
        elif name in required:
            nowhere.append(name)
    for name, column in theirs.items():
        if column in header:
            found[name] = column
        else:
            absent.append((column, free))
    if not found and len(nowhere) + len(absent) > 1:
        lost = listed([*nowhere, *(column for column, _ in absent)])
        problems.add(file, f"there is no column {lost}", _there(header))
        return {}
    if nowhere:
        remedy = f"Call one so, or say which it is. {_there(header)}"
        problems.add(file, f"no column holds the {listed(nowhere)}", remedy)
    for column, others in absent:
        problems.add(file, "there is no such column", near(column, others), column=column)
    return found


def not_reserved(file: str, columns: Iterable[str], problems: Problems) -> list[str]:
    """Those of `columns` whose names answers do not use themselves; the others are problems."""
    reserved = RESERVED_COLUMNS | {USER_ID, ITEM_ID}
    free = []
    for name in columns:
        if name in reserved:
            remedy = (
                f"Rename it, or in dataset.yaml write {{role: …, as: another_name}}; "
                f"{', '.join(sorted(reserved))} are taken."
            )
            problems.add(file, "an answer uses this name itself", remedy, column=name)
        else:
            free.append(name)
    return free


def some(header: Sequence[str]) -> str:
    """The first few names, each cut if it is long."""
    more = [f"and {len(header) - _SHOWN} more"] if len(header) > _SHOWN else []
    return ", ".join([short(name, _LONGEST) for name in header[:_SHOWN]] + more)


def _there(header: Sequence[str]) -> str:
    """The columns that there are, and what to do if they are no names."""
    if not header:
        return "There is none at all."
    there = f"There is {some(header)}."
    if list(header) == [str(place + 1) for place in range(len(header))]:
        return f"{there} Without a header, name the columns so, as in user_id: 1."
    numbers = sum(any(c.isdigit() for c in n) and not any(c.isalpha() for c in n) for n in header)
    if numbers * 2 > len(header):
        there += (
            " These look like values: if the file has no line of names, name all columns in their "
            "order, as in read: {header: [user_id, item_id]}."
        )
    return there


def _usual(name: str, header: Sequence[str]) -> str | None:
    if name in header:
        return name
    bare = {_bare(column): column for column in reversed(header)}
    return next((bare[_bare(n)] for n in _USUAL[name] if _bare(n) in bare), None)


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
