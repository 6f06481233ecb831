"""Find which table holds the interactions, and which ones describe its users and items.

Names are looked at first: ``userID``, ``book_id``. Where they say nothing, values do: a column
whose values are the key of another table refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from towhee_recsys.datasets.describing.seen import SeenColumn, SeenTable, bare
from towhee_recsys.datasets.describing.vocabulary import ID, ITEM, QUANTITY, USER
from towhee_recsys.errors import DataError

_FEWEST = 10
"""Fewer different values than this are no ids."""
_HELD = 0.5
"""A column refers to a table that holds at least this share of its values."""
_SOME = 0.1
"""The same, if the names say so too."""


@dataclass(frozen=True)
class Reference:
    """A column of ids, and why it is taken for one."""

    column: str
    why: str


@dataclass(frozen=True)
class Describes:
    """The tables that describe users, or items."""

    main: tuple[SeenTable, str] | None = None
    """A table with a row for each id, and its column of ids."""
    also: tuple[tuple[SeenTable, str], ...] = ()
    """Tables with any number of rows for an id."""
    unknown: int = 0
    """How many ids of the interactions `main` lacks."""

    def without(self, tables: Sequence[SeenTable]) -> Describes:
        """The same without some tables."""
        main = None if self.main and self.main[0] in tables else self.main
        also = tuple(one for one in self.also if one[0] not in tables)
        return Describes(main, also, self.unknown if main else 0)


@dataclass(frozen=True)
class Links:
    """What each table is for."""

    interactions: SeenTable
    user: Reference
    item: Reference
    users: Describes
    items: Describes
    others: tuple[tuple[SeenTable, str], ...] = field(default=())
    """Tables that are not used, and why."""


def link(tables: Sequence[SeenTable]) -> Links:
    """Find what each table is for.

    Raises:
        DataError: no table holds users and items.
    """
    found = [(t, *pair) for t in tables if (pair := _named_pair(t) or _held_pair(t, tables))]
    found = found or [(t, *pair) for t in tables if (pair := _half_named_pair(t))]
    if not found:
        there = "; ".join(f"{t.path} has {', '.join(t.columns)}" for t in tables)
        raise DataError(
            "no table holds interactions: none has a column of users and one of items that can be "
            f"told by name or by the values of other tables. Call them user_id and item_id. {there}"
        )
    several = [one for one in found if not any(one[0].columns[c.column].is_key for c in one[1:])]
    found = several or found  # a table with a row for each item is about items
    table, user, item = max(found, key=lambda one: one[0].pairs(one[1].column, one[2].column))
    rest = [other for other in tables if other is not table]
    others = [
        (other, "it holds users and items too, and fewer pairs of them")
        for other, *_ in found
        if other is not table
    ]
    rest = [other for other in rest if other not in [one for one, _ in others]]
    items = _describing(table.columns[item.column], ITEM, rest)
    rest = [other for other in rest if other not in _tables(items)]
    users = _describing(table.columns[user.column], USER, rest)
    left = [other for other in rest if other not in _tables(users)]
    others += [(other, "no column of it holds the users' or the items' ids") for other in left]
    return Links(table, user, item, users, items, tuple(others))


def _named_pair(table: SeenTable) -> tuple[Reference, Reference] | None:
    """The columns whose names say that they hold users and items."""
    user, item = (_named(table, kind) for kind in (USER, ITEM))
    if user is None or item is None or user == item or table.rows == 0:
        return None
    return Reference(user, "by its name"), Reference(item, "by its name")


def _named(table: SeenTable, kind: frozenset[str]) -> str | None:
    """The first column whose name says that it holds ids of this kind, with enough of them."""
    found = [name for name, one in table.columns.items() if _is_id_of(one, kind)]
    many = [name for name in found if len(table.columns[name].distinct) >= _FEWEST]
    return next(iter([*many, *found]), None)


def _is_id_of(column: SeenColumn, kind: frozenset[str]) -> bool:
    found = column.words
    if column.kind in ("labels", "time", "flag") or not found:
        return False
    if len(found) == 1 and found[0] not in kind:  # userid, without a capital between
        found = [word for ending in ID if (word := found[0].removesuffix(ending)) != found[0]]
        return any(word in kind for word in found)
    return set(found) <= kind | ID and bool(kind & set(found))


def _held_pair(table: SeenTable, tables: Sequence[SeenTable]) -> tuple[Reference, Reference] | None:
    """The columns whose values are the keys of two other tables, or one such column beside one with
    a name that tells."""
    user, item = (_named(table, kind) for kind in (USER, ITEM))
    held: dict[str, SeenTable] = {}
    for name, column in table.columns.items():
        if column.is_key or name in (user, item) or set(column.words) & QUANTITY:
            continue
        for other, key in _keys(tables, table):
            if _refers(column, other, other.columns[key]):
                held.setdefault(name, other)
    if user is None and item is None:
        user = next(iter(held), None)
        item = next((n for n in held if held[n] is not held[next(iter(held))]), None)
        if user and item and (_tells(held[item], USER) or _tells(held[user], ITEM)):
            user, item = item, user
    user, item = user or next(iter(held), None), item or next(iter(held), None)
    if user is None or item is None or user == item:
        return None
    whys = [
        f"its values are in {held[name].path}" if name in held else "by its name"
        for name in (user, item)
    ]
    return Reference(user, whys[0]), Reference(item, whys[1])


def _half_named_pair(table: SeenTable) -> tuple[Reference, Reference] | None:
    """A column whose name tells, and the first one beside it that may hold ids."""
    named = {kind: name for kind in (USER, ITEM) if (name := _named(table, kind))}
    if len(named) != 1 or table.columns[next(iter(named.values()))].is_key:
        return None
    for name, column in table.columns.items():
        quantity = set(column.words) & QUANTITY or column.kind not in ("text", "number")
        if name in named.values() or quantity or len(column.distinct) < _FEWEST:
            continue
        other = Reference(name, "as no other column may hold them")
        user, item = (named.get(kind) for kind in (USER, ITEM))
        return (
            Reference(user, "by its name") if user else other,
            Reference(item, "by its name") if item else other,
        )
    return None


def _keys(tables: Sequence[SeenTable], apart: SeenTable) -> Iterator[tuple[SeenTable, str]]:
    """The keys of the other tables."""
    for table in tables:
        if table is not apart:
            yield from ((table, name) for name, one in table.columns.items() if one.is_key)


def _refers(column: SeenColumn, table: SeenTable, key: SeenColumn) -> bool:
    """Whether a column refers to the key of another table."""
    if len(column.distinct) < _FEWEST:
        return False
    shared = len(column.distinct & key.distinct)
    if shared < _HELD * len(column.distinct):
        return False
    return _alike(column, table, key) or shared >= _HELD * len(key.distinct)


def _alike(column: SeenColumn, table: SeenTable, key: SeenColumn) -> bool:
    """Whether two columns have the same name, if that of their table counts: ``artistID``, and the
    ``id`` of ``artists.dat``."""
    if bare(column.name) == bare(key.name):
        return True
    return bare(column.name) in {bare("".join((*table.words, *key.words))), *table.words}


def _tells(table: SeenTable, kind: frozenset[str]) -> bool:
    return bool(set(table.words) & kind)


def _describing(ids: SeenColumn, kind: frozenset[str], tables: Sequence[SeenTable]) -> Describes:
    """The tables that hold these ids of the interactions."""
    mains: list[tuple[int, int, bool, int, SeenTable, str]] = []
    also: list[tuple[SeenTable, str]] = []
    for table in tables:
        affinity, share, name = max(
            (
                (_affinity(ids, table, one, kind), len(ids.distinct & one.distinct), name)
                for name, one in table.columns.items()
                if one.kind in ("text", "number")
            ),
            default=(0, 0, ""),
        )
        if share <= (_SOME if affinity else _HELD) * len(ids.distinct):
            continue
        if table.columns[name].is_key:
            told = bool(set(table.words) & kind)
            mains.append((affinity, share, told, len(table.columns), table, name))
        elif affinity:
            also.append((table, name))
    if not mains:
        return Describes(None, tuple(also))
    *_, main, key = max(mains, key=lambda one: one[:4])
    also += [(table, name) for affinity, *_, table, name in mains if table is not main and affinity]
    unknown = len(ids.distinct - main.columns[key].distinct) if main.whole else 0
    return Describes((main, key), tuple(also), unknown)


def _affinity(ids: SeenColumn, table: SeenTable, column: SeenColumn, kind: frozenset[str]) -> int:
    """How much the names say that a column holds the same ids: 2, 1 or nothing."""
    if _alike(ids, table, column):
        return 2
    if _is_id_of(column, kind):
        return 1
    return int(set(column.words) <= ID and _tells(table, kind))


def _tables(describes: Describes) -> list[SeenTable]:
    return [table for table, _ in (*((describes.main,) if describes.main else ()), *describes.also)]
