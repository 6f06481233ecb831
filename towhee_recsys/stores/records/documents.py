"""Keep items, users and histories as JSON documents under text keys, in any database."""

from __future__ import annotations

import json
import math
import operator
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import orjson

from towhee_recsys.errors import StoreError
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.forgotten import Forgotten
from towhee_recsys.stores.records.batches import batches
from towhee_recsys.stores.records.forgotten_list import ForgottenList
from towhee_recsys.text import shown
from towhee_recsys.types import (
    ITEM_ID,
    MAX_HISTORY,
    MAX_ID_LENGTH,
    TIMESTAMP,
    USER_ID,
    Id,
    Interaction,
    Item,
    User,
)

Kind: TypeAlias = Literal["items", "users", "histories", "forgotten"]
COUNTED: tuple[Kind, ...] = ("items", "users", "histories")
KINDS: tuple[Kind, ...] = (*COUNTED, "forgotten")

_LOADS: dict[str, Callable[[str], Any]] = {
    "items": json.loads,
    "users": json.loads,
    "histories": orjson.loads,  # faster, but it makes floats of integers beyond 64 bits
}

Change: TypeAlias = Callable[[str, "str | None"], "str | None"]
"""A function of a key and its present text, None if there is none. It returns the text to store,
or None to leave the document as it is. It is called again if another writer was faster."""

_Added: TypeAlias = "dict[str, tuple[list[Id], list[float | None]]]"
"""By key: a user's items to add, and their timestamps."""

_KEY_TYPES, _TIME_TYPES = {int, str}, {int, float}

MAX_TIMESTAMP = 1e15
"""Seconds, before or after 1970: well beyond any calendar, and well within a float."""

INTERACTIONS_HELD = 200_000
"""Interactions that are grouped by user before the histories are written."""


class DocumentStore(RecordStore, ABC):
    """A `RecordStore` over the few primitives that a database has: the abstract methods.

    An item or a user is one document, its record. A user's history is one document too,
    ``{"items": [ids], "times": [timestamps]}``, oldest first. Every request reads one, in one
    look-up; two flat lists are read several times as fast as a list of pairs. A key is
    ``str(id)``; the id keeps its type because the document holds it.

    The documents of the kind ``forgotten`` are a `ForgottenList`.
    """

    where: str
    """What messages call the store, without a password."""

    _closed = False

    @abstractmethod
    def _read(self, kind: Kind, keys: Sequence[str]) -> list[str | None]:
        """The texts of `keys` in their order, None for a key without one."""

    @abstractmethod
    def _write(self, kind: Kind, texts: dict[str, str]) -> None:
        """Store all of `texts`, replacing what is there."""

    @abstractmethod
    def _update(self, kind: Kind, keys: Sequence[str], change: Change) -> None:
        """Replace each key's text by what `change` makes of it, with no other writer in between."""

    @abstractmethod
    def _delete(self, kind: Kind, keys: Sequence[str]) -> None:
        """Remove the documents of `keys` that exist."""

    @abstractmethod
    def _count(self, kind: Kind) -> int:
        """How many documents of `kind` there are."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Close all connections. Called once."""

    @abstractmethod
    def ping(self) -> None: ...

    @abstractmethod
    def erase(self) -> str | None: ...

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._disconnect()

    def _check_open(self) -> None:
        """Each primitive calls this first."""
        if self._closed:
            raise StoreError(f"the store at {self.where} has been closed: open it again")

    def put_items(self, items: Iterable[Item]) -> None:
        self._put("items", ITEM_ID, items)

    def put_users(self, users: Iterable[User]) -> None:
        self._put("users", USER_ID, users)

    def get_items(self, item_ids: Sequence[Id]) -> list[Item | None]:
        return self._get("items", item_ids)

    def get_users(self, user_ids: Sequence[Id]) -> list[User | None]:
        return self._get("users", user_ids)

    def get_histories(self, user_ids: Sequence[Id]) -> list[list[Id]]:
        found = self._get("histories", user_ids)
        return [[] if history is None else history["items"] for history in found]

    def add_interactions(self, interactions: Iterable[Interaction]) -> int:
        """See `RecordStore`. Interactions are streamed: `INTERACTIONS_HELD` are in memory at a
        time, and each user among them is written once. Any order is right. It is fastest if the
        interactions of a user follow one another."""
        now = time.time()
        return sum(self._add(held, now) for held in batches(interactions, INTERACTIONS_HELD))

    def add_histories(
        self,
        user_ids: Sequence[Id],
        item_ids: Sequence[Sequence[Id]],
        timestamps: Sequence[Sequence[float | None]] | None = None,
    ) -> int:
        """See `RecordStore`. Nothing is written if an id or a timestamp is refused."""
        return self._merge(_gathered(user_ids, item_ids, timestamps), time.time())

    def get_interactions(self, user_ids: Sequence[Id]) -> list[list[Interaction]]:
        found = zip(user_ids, self._get("histories", user_ids), strict=True)
        return [
            [
                {"user_id": user_id, "item_id": item, "timestamp": moment}
                for item, moment in zip(history["items"], history["times"], strict=True)
            ]
            if history
            else []
            for user_id, history in found
        ]

    def remove_interactions(self, user_id: Id, item_ids: Iterable[Id]) -> int:
        gone, removed = set(item_ids), 0
        key = _key(user_id, USER_ID)
        for item in gone:
            _key(item, ITEM_ID)
        if gone:
            self._forgotten.add({user_id: gone})

        def without(key: str, text: str | None) -> str | None:
            nonlocal removed
            history = _pairs(text)
            kept = [pair for pair in history if pair[0] not in gone]
            removed = len(history) - len(kept)
            left = [item for item, _ in kept], [moment for _, moment in kept]
            return _dump_history(*left) if removed else None

        self._update("histories", [key], without)
        return removed

    def forget_users(self, user_ids: Iterable[Id]) -> int:
        known = 0
        for ids in batches(dict.fromkeys(user_ids)):
            keys = list(dict.fromkeys(_key(one, USER_ID) for one in ids))
            self._forgotten.add(dict.fromkeys(ids))  # first, so that it lasts if the rest fails
            found = zip(self._read("users", keys), self._read("histories", keys), strict=True)
            known += sum(record is not None or bool(_pairs(history)) for record, history in found)
            for kind in ("users", "histories"):
                self._delete(kind, keys)
        return known

    def take_back(self, users: Iterable[User], interactions: Iterable[Interaction]) -> int:
        removed = 0
        for records in batches(users):
            keys = [_key(record.get(USER_ID), USER_ID) for record in records]
            found = zip(keys, records, self._read("users", keys), strict=True)
            # as JSON: what was written has become that
            same = [k for k, r, text in found if text and json.loads(text) == _as_json(r)]
            removed += len(same)
            if same:
                self._delete("users", same)
        gone: dict[str, set[tuple[Id, float | None]]] = {}
        for one in interactions:
            key = _key(one.get(USER_ID), USER_ID)
            gone.setdefault(key, set()).add((one["item_id"], _timestamp(one)))
        fewer: dict[str, int] = {}

        def without(key: str, text: str | None) -> str | None:
            history = _pairs(text)
            kept = [pair for pair in history if pair not in gone[key]]
            fewer[key] = len(history) - len(kept)
            left = [item for item, _ in kept], [moment for _, moment in kept]
            return _dump_history(*left) if fewer[key] else None

        for keys in batches(gone):
            self._update("histories", keys, without)
            texts = zip(keys, self._read("histories", keys), strict=True)
            empty = [key for key, text in texts if text is not None and not _pairs(text)]
            if empty:  # the key itself is the user's id
                self._delete("histories", empty)
        return removed + sum(fewer.values())

    def forgotten(self, user_ids: Sequence[Id]) -> dict[Id, Forgotten]:
        return self._forgotten.entries([one for one in user_ids if _storable(str(one))])

    def restore_forgotten(self, user_ids: Iterable[Id]) -> int:
        return self._forgotten.remove([one for one in user_ids if _storable(str(one))])

    @property
    def _forgotten(self) -> ForgottenList:
        return ForgottenList(
            read=partial(self._read, "forgotten"),
            update=partial(self._update, "forgotten"),
            delete=partial(self._delete, "forgotten"),
        )

    def counts(self) -> dict[str, int]:
        return {kind: self._count(kind) for kind in COUNTED}

    def _put(self, kind: Kind, id_column: str, records: Iterable[dict[str, Any]]) -> None:
        for batch in batches(records):
            self._write(kind, {_key(r.get(id_column), id_column): _dump(kind, r) for r in batch})

    def _get(self, kind: Kind, ids: Sequence[Id]) -> list[Any]:
        keys = [str(one) for one in ids]
        texts: dict[str, str | None] = {}
        for batch in batches(dict.fromkeys(filter(_storable, keys))):
            texts.update(zip(batch, self._read(kind, batch), strict=True))
        found = map(texts.get, keys)
        return [None if text is None else _LOADS[kind](text) for text in found]

    def _add(self, interactions: Iterable[Interaction], now: float) -> int:
        added: _Added = {}
        for one in interactions:
            _key(one.get(ITEM_ID), ITEM_ID)
            user = _key(one.get(USER_ID), USER_ID)
            items, times = added.setdefault(user, ([], []))
            items.append(one["item_id"])
            times.append(_timestamp(one))
        return self._merge(added, now)

    def _merge(self, added: _Added, now: float) -> int:
        new: dict[str, int] = {}

        def merge(key: str, text: str | None) -> str | None:
            items, times = added[key]
            if text is None and _is_history(items, times):
                new[key] = len(items)
                return _dump_history(items, times)
            known = _pairs(text)
            before = {item for item, _ in known}
            new[key] = 0
            if before.issuperset(items):
                return None
            history = merge_history(known, zip(items, times, strict=True), now)
            new[key] = sum(item not in before for item, _ in history)
            merged = [item for item, _ in history], [moment for _, moment in history]
            return _dump_history(*merged) if new[key] else None

        for keys in batches(added):
            self._update("histories", keys, merge)
        return sum(new.values())


def _pairs(text: str | None) -> list[tuple[Id, float]]:
    """A history's items and timestamps."""
    if not text:
        return []
    history = _LOADS["histories"](text)
    return list(zip(history["items"], history["times"], strict=True))


def _dump_history(items: Sequence[Id], times: Sequence[float | None]) -> str:
    history = {"items": items, "times": times}
    try:
        return orjson.dumps(history).decode()
    except TypeError:  # orjson does not take subclasses of float, such as NumPy's
        return _dump("histories", history)


def _gathered(
    user_ids: Sequence[Id],
    item_ids: Sequence[Sequence[Id]],
    timestamps: Sequence[Sequence[float | None]] | None,
) -> _Added:
    """What to add to each user's history, checked."""
    if timestamps is None:
        timestamps = [[None] * len(items) for items in item_ids]
    if not len(user_ids) == len(item_ids) == len(timestamps):
        raise StoreError(
            f"{len(user_ids)} users, {len(item_ids)} lists of items and {len(timestamps)} lists of"
            " timestamps: give a list of each for every user"
        )
    added: _Added = {}
    checked: set[Id] = set()
    for user_id, items, times in zip(user_ids, item_ids, timestamps, strict=True):
        user = _key(user_id, USER_ID)
        if len(items) != len(times):
            raise StoreError(
                f"user {user_id!r} has {len(items)} items and {len(times)} timestamps: give one"
                " timestamp for each item"
            )
        if not items:
            continue
        # Most lists pass as a whole; one by one only to find what is wrong.
        usual = _KEY_TYPES.issuperset(map(type, items))
        for item in set(items) - checked if usual else items:
            _key(item, ITEM_ID)
            checked.add(item)
        if not _is_ordered(times):
            for item, moment in zip(items, times, strict=True):
                _timestamp({"user_id": user_id, "item_id": item, "timestamp": moment})
        known = added.setdefault(user, ([], []))
        known[0].extend(items)
        known[1].extend(times)
    return added


def _is_ordered(times: Sequence[Any]) -> bool:
    """Whether these are valid timestamps, none before the one in front of it."""
    if not _TIME_TYPES.issuperset(map(type, times)):
        return False
    ascending = all(map(operator.le, times, times[1:]))  # which NaN never is
    return ascending and times[0] > -MAX_TIMESTAMP and times[-1] < MAX_TIMESTAMP


def _is_history(items: Sequence[Id], times: Sequence[float | None]) -> bool:
    """Whether this can be stored as it is, if nothing is known of the user."""
    distinct = len(set(items)) == len(items) <= MAX_HISTORY
    return distinct and _is_ordered(times)


def merge_history(
    history: Sequence[tuple[Id, float]], added: Iterable[tuple[Id, float | None]], now: float
) -> list[tuple[Id, float]]:
    """Add to a `history` of ``(item_id, timestamp)``, oldest first, those of `added` whose item is
    not in it yet. The latest `MAX_HISTORY` are kept. Equal timestamps keep their order: first what
    was there, then what was added, as given."""
    merged = list(history)
    known = {item for item, _ in merged}
    last = merged[-1][1] if merged else -math.inf
    for item, timestamp in added:
        if item not in known:
            moment = max(now, last) if timestamp is None else timestamp
            last = max(last, moment)
            known.add(item)
            merged.append((item, moment))
    merged.sort(key=lambda pair: pair[1])
    return merged[-MAX_HISTORY:]


def _key(value: Any, column: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise StoreError(
            f"{column} is {value!r}, a {type(value).__name__}: an id is an int or a str; convert it"
        )
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise StoreError(f"{column} is {value}: an id that is a number has 64 bits at most")
    key = str(value)
    if not _storable(key):
        raise StoreError(
            f"{column} {key[:40]!a}… of {len(key)} characters cannot be a key: use ids of"
            f" Unicode text of at most {MAX_ID_LENGTH} characters"
        )
    return key


def _storable(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return len(key) <= MAX_ID_LENGTH


def _dump(kind: Kind, document: Any) -> str:
    """JSON text; StoreError names the first field that JSON cannot hold."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()  # a lone surrogate passes JSON, but no database takes it
    except (TypeError, ValueError) as exc:
        raise StoreError(f"{kind}: {_culprit(document)} cannot be stored as JSON: {exc}") from exc
    return text


def _as_json(record: User) -> Any:
    """The record as it comes back from a database."""
    return json.loads(_dump("users", record))


def _culprit(document: Any) -> str:
    for column, value in document.items() if isinstance(document, dict) else ():
        try:
            json.dumps({column: value}, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError):
            record_id = document.get(ITEM_ID, document.get(USER_ID))
            return f"{column} = {value!r} of the record {record_id!r}"
    return ascii(document)[:200]


def _timestamp(one: Interaction) -> float | None:
    value = one.get("timestamp")
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not -MAX_TIMESTAMP < value < MAX_TIMESTAMP:
        raise StoreError(
            f"{TIMESTAMP} is {shown(value)}, {type(value).__name__}, for user"
            f" {one['user_id']!r} and item {one['item_id']!r}: give seconds since 1970 as an int or"
            " a float, or None for now"
        )
    return value
