"""Write a dataset.yaml with comments that say why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from towhee_recsys.datasets.describing.linking import Describes, Links
from towhee_recsys.datasets.describing.roles import Guess, guess
from towhee_recsys.datasets.describing.seen import SeenColumn, SeenTable
from towhee_recsys.datasets.describing.times import When, find_times
from towhee_recsys.datasets.describing.vocabulary import RATING as RATING_WORDS
from towhee_recsys.datasets.readers.private import (
    ENOUGH_USERS,
    NEARLY_UNIQUE,
    called_like_a_secret,
)
from towhee_recsys.datasets.schema import Column
from towhee_recsys.text import listed
from towhee_recsys.types import ITEM_ID, RESERVED_COLUMNS, USER_ID

_PLAIN = re.compile(r"[^\W\d][\w./ -]*[\w/]|[^\W\d]")
"""Texts that need no quotes, unless YAML takes them for something else."""
_MOST_LEVELS = 5


@dataclass(frozen=True)
class Rated:
    """The columns of the interactions beside the ids."""

    rating: str | None
    when: When | None


def rated(links: Links) -> Rated:
    """The columns of ratings and times."""
    table = links.interactions
    taken = {links.user.column, links.item.column}
    rating = _rating(table, taken)
    return Rated(rating, find_times(table, taken | ({rating} if rating else set())))


def written(links: Links, found: Rated, left_out: Sequence[tuple[str, str]]) -> str:
    """The description of the tables, as text.

    Args:
        links: what each table is for.
        found: the columns of ratings and times.
        left_out: files that are not used, and why.
    """
    both = _ids(links)
    lines = [
        "# Written by `towhee-recsys init`, which guessed from the names and values of the tables.",
        "# Read it, change what is wrong, and let `towhee-recsys validate` check it.",
        "",
        *_interactions(links, found),
    ]
    for title, id_name, described in (
        ("items", ITEM_ID, links.items),
        ("users", USER_ID, links.users),
    ):
        lines += ["", *_entities(title, id_name, described, both)]
    if left_out:
        lines += ["", "# Not used:", *(f"# - {flat(path)}: {flat(why)}" for path, why in left_out)]
    return "\n".join(lines) + "\n"


def without_columns(links: Links) -> list[SeenTable]:
    """The tables of which no column is worth a line of the description."""
    tables = [("users", one) for one in ((links.users.main,) if links.users.main else ())]
    for title, described in (("items", links.items), ("users", links.users)):
        tables += [(title, one) for one in described.also]
    ids = _ids(links)
    return [
        one[0]
        for title, one in tables
        if all(found.column is None for found in _guesses(title, *one, ids).values())
    ]


def _ids(links: Links) -> set[str]:
    """All ids of users and items in the interactions."""
    columns = links.interactions.columns
    return columns[links.user.column].distinct | columns[links.item.column].distinct


def _interactions(links: Links, found: Rated) -> Iterator[str]:
    table = links.interactions
    yield "interactions:"
    yield from _origin(table)
    yield f"  user_id: {_scalar(links.user.column)}  # {flat(links.user.why)}"
    yield f"  item_id: {_scalar(links.item.column)}  # {flat(links.item.why)}"
    taken = {links.user.column, links.item.column}
    rating, when = found.rating, found.when
    if when:
        taken |= set(when.columns)
        time: Any = when.columns[0]
        if len(when.columns) > 1:
            time = dict(zip(("year", "month", "day"), when.columns, strict=False))
        elif when.format:
            time = {"column": time, "format": when.format}
        yield f"  timestamp: {_scalar(time)}" + (f"  # {when.why}" if when.why else "")
    else:
        yield "  # No column holds times, so the order of a user's interactions is not known: the"
        yield "  # model learns none. If the rows are in time order, say so:"
        yield "  # order: file"
    if rating:
        taken.add(rating)
        levels = _levels(table.columns[rating])
        yield f"  rating: {_scalar(rating)}  # {levels}; every row counts as a like"
    for title, described in (("items", links.items), ("users", links.users)):
        if described.unknown and described.main:
            what = "drop" if title == "items" else "keep"
            count = f"{described.unknown:,} of the {title}"
            yield f"  # {count} that interactions name are not in {flat(described.main[0].path)}."
            other = "`keep` recommends them too" if what == "drop" else "`drop` leaves them out"
            yield f"  unknown_{title}: {what}  # {other}, `error` refuses them"
    unused = [name for name in table.columns if name not in taken]
    if unused:
        yield f"  # Not used: {', '.join(map(flat, unused))}."


def _rating(table: SeenTable, taken: set[str]) -> str | None:
    """The column of ratings."""
    found = [
        name
        for name, column in table.columns.items()
        if name not in taken and column.numbers is not None and set(column.words) & RATING_WORDS
    ]
    return min(found, key=lambda name: len(table.columns[name].words), default=None)


def _levels(column: SeenColumn) -> str:
    assert column.numbers is not None
    levels = [f"{number:g}" for number in column.numbers.tolist()]
    if len(levels) == 1:
        return f"all are {levels[0]}"
    return listed(levels) if len(levels) <= _MOST_LEVELS else f"{levels[0]} to {levels[-1]}"


def _entities(title: str, id_name: str, described: Describes, ids: set[str]) -> Iterator[str]:
    """The table of items or users, with its further tables."""
    also = described.also
    if not described.main and not also:
        yield f"# No table describes the {title}: they are known by their interactions alone."
        return
    yield f"{title}:"
    names: set[str] = set()
    if described.main:
        table, key = described.main
        yield from _origin(table)
        yield f"  {id_name}: {_scalar(key)}"
        yield from _columns(title, table, key, ids, names)
    if also:
        yield "  also:"
    for table, key in also:
        first, *rest = [*_origin(table), f"  {id_name}: {_scalar(key)}"]
        lines = [f"- {first.strip()}", *rest, *_columns(title, table, key, ids, names)]
        yield from (f"    {line}" for line in lines)


def _columns(
    title: str, table: SeenTable, key: str, ids: set[str], names: set[str]
) -> Iterator[str]:
    """The columns with their roles; those that are left out are comments."""
    guesses = _guesses(title, table, key, ids)
    if any(one.column and not one.why for one in guesses.values()):
        yield "  columns:"
    elif guesses:
        yield "  # columns:"
    for name, one in guesses.items():
        if one.column is None:
            yield f"    # {_scalar(name)}: left out, {one.why}"
            continue
        value: Any = one.column.role
        settings: dict[str, Any] = {}
        if one.column.role == "multi_categorical" and one.column.separator != "|":
            settings["separator"] = one.column.separator
        if not one.why and (own := _free_name(name, table, names)) != name:
            settings["as"] = own
        if settings or "separator" in settings:
            value = {"role": one.column.role, **settings}
        line = f"{_scalar(name)}: {_scalar(value)}"
        yield f"    # {line}  # left out, {one.why}" if one.why else f"    {line}"


def _guesses(title: str, table: SeenTable, key: str, ids: set[str]) -> dict[str, Guess]:
    several = not table.columns[key].is_key
    found = {}
    for name, column in table.columns.items():
        if name == key:
            continue
        one = guess(column, several, ids)
        if one.column is not None:
            one = _if_private(column, one.column, title == "users")
        found[name] = one
    return found


def _if_private(column: SeenColumn, role: Column, of_users: bool) -> Guess:
    """What to do with a column of users or items: leave it out if it is private."""
    word = called_like_a_secret(column.name, of_users)
    if word is not None and column.kind != "flag":
        return Guess(_harmless(role), f"it is called like a secret or a contact ('{word}')")
    different = len(column.counts)
    many = of_users and column.filled >= ENOUGH_USERS
    if many and different >= NEARLY_UNIQUE * column.filled:
        return Guess(_harmless(role), "nearly every user has another value, so it may be private")
    return Guess(role)


def _harmless(role: Column) -> Column:
    """The role with which a private column may be kept: no vocabulary learns its values."""
    return role if role.role == "number" else Column(role="display")


def _free_name(name: str, table: SeenTable, names: set[str]) -> str:
    """A name for a column that no other one has."""
    taken = names | RESERVED_COLUMNS | {USER_ID, ITEM_ID}
    own = name
    if own in taken:
        own = "_".join((*table.words, name))
    while own in taken:
        own += "_"
    names.add(own)
    return own


def _origin(table: SeenTable) -> Iterator[str]:
    yield f"  path: {_scalar(table.path)}"
    if table.read:
        yield f"  read: {_scalar(table.read)}"
    yield from (f"  # {flat(note)}" for note in table.notes)
    header = table.read.get("header")
    if header:
        yield "  # The file has no line of names. These are guesses; change them in `header`."


def _scalar(value: object) -> str:
    """A value as YAML on one line. Mappings and lists are in braces and brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k)}: {_scalar(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if _PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def flat(text: str) -> str:
    """A text on one line, for a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
