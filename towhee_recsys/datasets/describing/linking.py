"""Find which table holds the interactions, and which ones describe its users and items.

Names are looked at first: ``userID``, ``movie_id``. Where they say nothing, values do: a column whose
values are the key of another table refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from towhee_recsys.datasets.describing.seen import SeenColumn, SeenTable, bare
from towhee_recsys.errors import DataError
from towhee_recsys.text import listed

_USER = frozenset(
    [
        "user",
        "uid",
        "customer",
        "client",
        "member",
        "reader",
        "listener",
        "visitor",
        "viewer",
        "person",
        "people",
        "account",
        "buyer",
        "player",
        "student",
        "guest",
        "consumer",
        "subscriber",
        "reviewer",
        "rater",
        "shopper",
        "patron",
    ]
)
_ITEM = frozenset(
    [
        "item",
        "iid",
        "movie",
        "film",
        "book",
        "isbn",
        "product",
        "sku",
        "asin",
        "article",
        "track",
        "song",
        "artist",
        "album",
        "place",
        "restaurant",
        "venue",
        "business",
        "game",
        "recipe",
        "hotel",
        "news",
        "post",
        "video",
        "show",
        "anime",
        "course",
        "job",
        "event",
        "podcast",
        "episode",
        "dish",
        "wine",
        "beer",
        "story",
        "paper",
    ]
)
_ID = frozenset(
    ["id", "key", "no", "nr", "num", "number", "code", "uuid", "guid", "hash", "index", "pk", "fk"]
)
_SETTING = frozenset(
    [
        "rating",
        "star",
        "score",
        "rate",
        "age",
        "year",
        "month",
        "day",
        "date",
        "time",
        "timestamp",
        "count",
        "weight",
        "play",
        "price",
        "quantity",
        "amount",
        "rank",
        "level",
    ]
)
"""Words of columns that hold quantities, whatever other table has the same numbers."""
_FEWEST = 10
"""Fewer different values than this are no ids."""
_HELD = 0.5
"""A column refers to a table that holds at least this share of its values."""


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
    if not found:
        there = "; ".join(f"{t.path} has {', '.join(t.columns)}" for t in tables)
        raise DataError(
            "no table holds interactions: none has a column of users and one of items that can be "
            f"told by name or by the values of other tables. Call them user_id and item_id. {there}"
        )
    table, user, item = max(found, key=lambda one: _pairs(*one))
    rest = [other for other in tables if other is not table]
    others = [
        (other, "it holds users and items too, and fewer pairs of them")
        for other, *_ in found
        if other is not table
    ]
    rest = [other for other in rest if other not in [one for one, _ in others]]
    items = _describing(table.columns[item.column], _ITEM, rest)
    rest = [other for other in rest if other not in _tables(items)]
    users = _describing(table.columns[user.column], _USER, rest)
    left = [other for other in rest if other not in _tables(users)]
    others += [(other, "no column of it holds the users' or the items' ids") for other in left]
    return Links(table, user, item, users, items, tuple(others))


def _named_pair(table: SeenTable) -> tuple[Reference, Reference] | None:
    """The columns whose names say that they hold users and items."""
    user, item = (_named(table, kind) for kind in (_USER, _ITEM))
    if user is None or item is None or user == item or table.rows == 0:
        return None
    if table.columns[user].is_key and table.columns[item].is_key and len(table.columns) > 4:
        return None
    return Reference(user, "by its name"), Reference(item, "by its name")


def _named(table: SeenTable, kind: frozenset[str]) -> str | None:
    """The first column whose name says that it holds ids of this kind."""
    return next((name for name, one in table.columns.items() if _is_id_of(one, kind)), None)


def _is_id_of(column: SeenColumn, kind: frozenset[str]) -> bool:
    found = column.words
    if column.kind in ("labels", "time", "flag") or not found:
        return False
    if len(found) == 1 and found[0] not in kind:  # userid, without a capital between
        found = [word for ending in _ID if (word := found[0].removesuffix(ending)) != found[0]]
        return any(word in kind for word in found)
    return set(found) <= kind | _ID and bool(kind & set(found))


def _held_pair(table: SeenTable, tables: Sequence[SeenTable]) -> tuple[Reference, Reference] | None:
    """The columns whose values are the keys of two other tables, or one such column beside one with
    a name that tells."""
    named = {kind: _named(table, kind) for kind in (_USER, _ITEM)}
    held: dict[str, tuple[str, SeenTable]] = {}
    for name, column in table.columns.items():
        if column.is_key or name in named.values() or set(column.words) & _SETTING:
            continue
        for other, key in _keys(tables, table):
            if _refers(column, other, other.columns[key]):
                held.setdefault(name, (key, other))
    taken = {one.path for _, one in held.values()}
    names = list(held)
    if named[_USER] is None and named[_ITEM] is None:
        if len(names) < 2 or len(taken) < 2:
            return None
        first, second = names[:2]
        if _tells(held[second][1], _USER) or _tells(held[first][1], _ITEM):
            first, second = second, first
    elif named[_USER] is None and names:
        first, second = names[0], named[_ITEM]  # type: ignore[assignment]
    elif named[_ITEM] is None and names:
        first, second = named[_USER], names[0]  # type: ignore[assignment]
    else:
        return None
    return tuple(  # type: ignore[return-value]
        Reference(n, f"its values are in {held[n][1].path}" if n in held else "by its name")
        for n in (first, second)
    )


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


def _pairs(table: SeenTable, user: Reference, item: Reference) -> int:
    """How many users and items a table brings together."""
    return table.rows if table.whole else 2 * table.rows


def _describing(ids: SeenColumn, kind: frozenset[str], tables: Sequence[SeenTable]) -> Describes:
    """The tables that hold these ids of the interactions."""
    mains, also = [], []
    for table in tables:
        held = [
            (
                len(ids.distinct & one.distinct) / len(ids.distinct),
                _affinity(ids, table, one, kind),
                n,
            )
            for n, one in table.columns.items()
            if one.kind not in ("labels", "time", "flag")
        ]
        good = [
            (affinity, share, n)
            for share, affinity, n in held
            if share and (affinity or share > _HELD)
        ]
        if not good:
            continue
        affinity, share, name = max(good, key=lambda one: one[:2])
        if table.columns[name].is_key:
            mains.append((affinity, share, len(table.columns), table, name))
        elif affinity:
            also.append((table, name))
    if not mains:
        return Describes(None, tuple(also))
    *_, main, name = max(mains, key=lambda one: one[:3])
    also += [(table, key) for affinity, *_, table, key in mains if table is not main and affinity]
    unknown = len(ids.distinct - main.columns[name].distinct) if main.whole else 0
    return Describes((main, name), tuple(also), unknown)


def _affinity(ids: SeenColumn, table: SeenTable, column: SeenColumn, kind: frozenset[str]) -> int:
    """How much the names say that a column holds the same ids: 2, 1 or nothing."""
    if _alike(ids, table, column):
        return 2
    if _is_id_of(column, kind):
        return 1
    return int(set(column.words) <= _ID and _tells(table, kind))


def _tables(describes: Describes) -> list[SeenTable]:
    return [table for table, _ in (*((describes.main,) if describes.main else ()), *describes.also)]


def names_of(tables: Sequence[tuple[SeenTable, str]]) -> str:
    """The files of some tables, in words."""
    return listed([table.path for table, _ in tables])
