"""Find the column that holds each field: by the name the user gave, else by its usual names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.text import listed, near, short
from towhee_recsys.types import ITEM_ID, RATING, RESERVED_COLUMNS, TIMESTAMP, USER_ID

MOVIE_ID = "movieId"
"""What MovieLens, and many a table made from it, calls the item's id."""

_SINGLE = 2
"""More columns that are missing have one cause, and one message."""
_SHOWN = 12
"""Names that a message lists."""
_LONGEST = 30
"""Characters of a name that a message quotes."""

_NO_NAMES = (
    "If the file has no line of names, name all columns in their order, as in "
    "read: {header: [user_id, item_id]}."
)

_USUAL: Mapping[str, tuple[str, ...]] = {
    USER_ID: (USER_ID, "user", "uid"),
    ITEM_ID: (ITEM_ID, "item", "iid", MOVIE_ID),
    TIMESTAMP: (TIMESTAMP, "time", "datetime", "date"),
    RATING: (RATING, "stars"),
}
"""Tried in this order, without regard to case, underscores, hyphens and spaces."""


@dataclass(frozen=True)
class Wanted:
    """Which columns a table is to have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    """The table's names for some of them, as the user wrote them."""
    columns: Collection[str] = ()
    """The columns of the schema."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The table's names for these."""
    private: bool = False
    """Whether the table is about people, so that messages quote none of it but ids."""

    @property
    def named(self) -> set[str]:
        """What the table is said to call its columns."""
        return {*self.given.values(), *(self.called.get(name, name) for name in self.columns)}

    def locate(self, file: str, header: Sequence[str], problems: Problems) -> dict[str, str] | None:
        """Map the library's names to the table's; None if two columns have one name."""
        if report_repeated(file, header, problems, self.private):
            return None
        return locate(
            file,
            header,
            self.required,
            self.optional,
            self.given,
            self.columns,
            problems,
            self.called,
            self.private,
        )


def locate(
    file: str,
    header: Sequence[str],
    required: Iterable[str],
    optional: Iterable[str],
    given: Mapping[str, str],
    columns: Collection[str],
    problems: Problems,
    called: Mapping[str, str] | None = None,
    private: bool = False,
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
        private: whether the file is about people. If none of its columns is known, its first line
            may hold values, and is not quoted.
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
    hidden = private and not found
    if len(nowhere) + len(absent) > (_SINGLE if found else 1) or (hidden and absent):
        lost = listed([*nowhere, *(column for column, _ in absent)])
        problems.add(file, f"there is no column {lost}", _there(header, hidden))
        return found
    if nowhere:
        remedy = f"Call one so, or say which it is. {_there(header, hidden)}"
        problems.add(file, f"no column holds the {listed(nowhere)}", remedy)
    for column, others in absent:
        problems.add(file, "there is no such column", near(column, others), column=column)
    return found


def report_repeated(
    file: str, header: Sequence[str], problems: Problems, private: bool = False
) -> bool:
    """Note names that several columns have; return whether there are any.

    If the file is about people, they are not quoted: its first line may hold values.
    """
    twice = sorted({name for name in header if header.count(name) > 1})
    if not twice:
        return False
    if private:
        places = [str(place) for place, name in enumerate(header, start=1) if name == twice[0]]
        wrong = f"fields {listed(places)} of its first line are the same"
        problems.add(file, wrong, f"Give each column a name of its own. {_NO_NAMES}")
    else:
        names = ", ".join(repr(short(name, 40)) for name in twice)
        remedy = "Give each column a name of its own."
        problems.add(file, f"has more than one column called {names}", remedy)
    return True


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


def _there(header: Sequence[str], hidden: bool = False) -> str:
    """The columns that there are, and what to do if they are no names."""
    if not header:
        return "There is none at all."
    if hidden:
        return f"The first line has {len(header)} fields. {_NO_NAMES}"
    there = f"There is {some(header)}."
    if list(header) == [str(place + 1) for place in range(len(header))]:
        return f"{there} Without a header, name the columns so, as in user_id: 1."
    numbers = sum(any(c.isdigit() for c in n) and not any(c.isalpha() for c in n) for n in header)
    if numbers * 2 > len(header):
        there += f" These look like values. {_NO_NAMES}"
    return there


def _usual(name: str, header: Sequence[str]) -> str | None:
    if name in header:
        return name
    bare = {_bare(column): column for column in reversed(header)}
    return next((bare[_bare(n)] for n in _USUAL[name] if _bare(n) in bare), None)


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
