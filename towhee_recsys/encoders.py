"""Encode users and items as vectors.

Serving uses a model only through these encoders.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle.bundle import Bundle
from towhee_recsys.bundle.calibration import log_totals
from towhee_recsys.errors import DataError, RequestError
from towhee_recsys.features import FIRST, UNKNOWN
from towhee_recsys.model.backend import nn
from towhee_recsys.model.inference import UserForward, Vectors, item_vectors
from towhee_recsys.model.towers import TwoTowers
from towhee_recsys.model.weights import set_weights
from towhee_recsys.types import ITEM_ID, Id, Route

if TYPE_CHECKING:
    import pandas as pd

    Records: TypeAlias = "Mapping[str, Any] | Sequence[Mapping[str, Any]] | pd.DataFrame"

_SCORES_AT_ONCE = 2**22
"""Scores that are held in memory, at most."""


class Towers:
    """A bundle and its towers, ready to compute. Both encoders and several threads can share
    one."""

    def __init__(self, bundle: Bundle | str | Path) -> None:
        """
        Raises:
            BundleError: the bundle is missing or damaged, or its weights do not match its config
                and features.
        """
        self.bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
        self._lock = threading.Lock()
        config = self.bundle.config
        features = self.bundle.user_features, self.bundle.item_features
        self.members = nn.LayerList(
            TwoTowers(len(self.bundle.item_ids.values), *features, config)
            for _ in range(config.members)
        )
        """Paddle's towers, one pair for each member."""
        set_weights(self.members, self.bundle.weights)
        self.members.eval()

    def items(self, codes: NDArray[Any], arrays: Mapping[str, NDArray[Any]]) -> Vectors:
        """The items' vectors, ``(N, 256)`` float32. The arguments are those of `item_vectors`."""
        return item_vectors(self.members, codes, arrays)

    @property
    def users(self) -> UserForward:
        """The user towers. The first use encodes the model's items, because histories consist of
        them."""
        with self._lock:  # only one thread computes it, the others wait
            return self._users

    @cached_property
    def _users(self) -> UserForward:
        table = self.items(self.bundle.item_codes, self.bundle.item_arrays)
        return UserForward(self.members, table)

    def close(self) -> None:
        """End the threads of the user towers. A later use starts new ones."""
        with self._lock:
            if "_users" in self.__dict__:
                self._users.close()


def _towers(model: Towers | Bundle | str | Path) -> Towers:
    return model if isinstance(model, Towers) else Towers(model)


class ItemEncoder:
    """Encode items' records as ``(B, 256)`` float32, not normalised.

    The inner product of a user's and an item's vector is the score.
    """

    def __init__(self, bundle: Towers | Bundle | str | Path) -> None:
        self._towers = _towers(bundle)
        self.bundle = self._towers.bundle

    def __repr__(self) -> str:
        return f"<ItemEncoder of {self.bundle!r}>"

    def encode(self, items: Records) -> Vectors:
        """Encode items. The vector of an item without interactions in training depends on its
        features alone.

        Args:
            items: B dicts with ``item_id`` and the schema's columns, or a DataFrame with these. One
                dict counts as a list of one. An absent column counts as a missing value.

        Returns:
            ``(B, 256)`` float32.

        Raises:
            RequestError: an ``item_id`` is of another type than the model's.
            DataError: a value of a number column is not a number.
        """
        records = as_records(items)
        rows = known_rows(self.bundle, [record.get(ITEM_ID) for record in records])
        codes = np.where(rows >= 0, self.bundle.item_codes[rows], UNKNOWN)
        arrays = self.bundle.item_features.transform(records)
        return self._towers.items(codes, arrays)


class UserEncoder:
    """Encode users' records and histories as ``(B, 256)`` float32, not normalised.

    A user is a dict with the keys ``user`` (a record) and ``history`` (item ids, oldest first).
    Both keys are optional, and other keys are ignored. Unknown items in a history are skipped. Of a
    long history only the latest items are read. A model whose data does not say the order reads all
    items of a history, in any order, with the same result.
    """

    def __init__(self, bundle: Towers | Bundle | str | Path) -> None:
        towers = _towers(bundle)
        self.bundle = towers.bundle
        self._forward = towers.users

    def __repr__(self) -> str:
        return f"<UserEncoder of {self.bundle!r}>"

    def encode(self, users: Records) -> Vectors:
        """Encode users.

        Args:
            users: B dicts as described above, or a DataFrame with the columns ``user`` and
                ``history``. Instead of ``user`` it may have the schema's user columns. One dict
                counts as a list of one.

        Returns:
            ``(B, 256)`` float32.

        Raises:
            RequestError: a history or a record is of the wrong type; the message names the user.
        """
        records = self._split(users)
        histories = [self._latest(record.get("history")) for record in records]
        return self._forward(histories, self._features(records))

    def encode_rows(
        self, histories: Sequence[NDArray[np.int32]], features: Mapping[str, NDArray[Any]]
    ) -> Vectors:
        """The vectors that `encode` gives, of users who are row numbers and arrays already.

        Args:
            histories: each user's items as rows of the bundle's items, oldest first.
            features: the users' records, as ``bundle.user_features.transform`` gives them, B rows
                each.
        """
        begin = self.bundle.config.begin
        return self._forward([rows[begin(len(rows)) :] for rows in histories], features)

    def contributions(self, user: Mapping[str, Any]) -> tuple[list[Id], Vectors]:
        """What each item of a user's history adds to the user's vector.

        Returns:
            The ids of the N distinct items of the history that the model reads, and an ``(N, 256)``
            float32 array. Each row is the user's vector minus the vector of the same user without
            that item in the history. Its inner product with a candidate's vector is what the item
            contributes to the candidate's score.

        Raises:
            RequestError: as in `encode`.
        """
        (record,) = self._split(user)
        rows, features = self.known(record.get("history")), self._features([record])
        read, added = self._forward.contributions(rows, features)
        return [self.bundle.item_ids.values[row] for row in read], added

    def log_totals(
        self, vectors: Vectors, histories: Sequence[Sequence[Id] | None]
    ) -> NDArray[np.float64]:
        """The log of the sum of exp(score) over all known items that a user has not seen.

        A score minus this is the log of the item's share among these items. For a user who has seen
        all items, the sum is over all items.

        Args:
            vectors: ``(B, 256)``, the users' vectors.
            histories: the item ids that each user has seen.

        Returns:
            ``(B,)`` float64.

        Raises:
            RequestError: an item id is of another type than the model's.
        """
        history_rows = [self.known(history) for history in histories]
        totals = np.empty(len(history_rows))
        together = max(1, _SCORES_AT_ONCE // len(self.bundle.item_codes))
        for begin in range(0, len(history_rows), together):
            scores = self._forward.scores(vectors[begin : begin + together])
            for row, seen in zip(scores, history_rows[begin : begin + together], strict=True):
                if len(np.unique(seen)) < len(row):
                    row[seen] = -np.inf
            totals[begin : begin + together] = log_totals(scores)
        return totals

    def known(self, history: Sequence[Id] | None) -> NDArray[np.int32]:
        """The int32 rows of a history's known items, oldest first.

        Raises:
            RequestError: an id is of another type than the model's.
        """
        if history is None or len(history) == 0:
            return np.empty(0, np.int32)
        rows = known_rows(self.bundle, list(history))
        return rows[rows >= 0]

    def _latest(self, history: Sequence[Id] | None) -> NDArray[np.int32]:
        """The part of `known` that the model needs, without a look at the rest if all of the part
        is known."""
        begin = self.bundle.config.begin(0 if history is None else len(history))
        if history is not None and begin:
            latest = self.known(history[begin:])
            if len(latest) == len(history) - begin:
                return latest
        return self.known(history)

    def routes(self, users: Records) -> list[Route]:
        """What each user's vector is based on: ``personal`` on the history, ``features`` on the
        record alone, ``popular`` on neither, so that popular items are the better answer."""
        records = self._split(users)
        routes: list[Route] = ["personal"] * len(records)
        rest = [i for i, one in enumerate(records) if not self._has_known(one.get("history"))]
        if rest:
            has_features = np.zeros(len(rest), dtype=bool)
            for array in self._features([records[i] for i in rest]).values():
                known = array >= FIRST if array.dtype == np.int32 else array != 0
                has_features |= known.any(axis=tuple(range(1, array.ndim)))
            for i, by_record in zip(rest, has_features, strict=True):
                routes[i] = "features" if by_record else "popular"
        return routes

    def _has_known(self, history: Sequence[Id] | None) -> bool:
        if history is None or len(history) == 0:
            return False
        # For most users the last item is enough.
        return len(self.known(history[-1:])) > 0 or len(self.known(history)) > 0

    def _features(self, records: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
        try:
            return self.bundle.user_features.transform([r.get("user") or {} for r in records])
        except DataError as exc:
            raise RequestError(f"user: {exc}") from exc

    def _split(self, users: Records) -> list[Mapping[str, Any]]:
        """The users as checked dicts with the keys ``user`` and ``history``."""
        columns = getattr(users, "columns", None)
        records = as_records(users)
        if columns is not None and "user" not in columns:
            names = [name for name in columns if name in self.bundle.schema.users]
            records = [
                {"user": {n: r[n] for n in names}, "history": r.get("history")} for r in records
            ]
        for i, record in enumerate(records):
            _check_user(i, record)
        return list(records)


def known_rows(bundle: Bundle, item_ids: Sequence[Id | None]) -> NDArray[np.int32]:
    """The ``(B,)`` int32 rows of items in the bundle. An unknown id and None give -1.

    Raises:
        RequestError: an id is of another type than the model's.
    """
    text = bool(bundle.item_ids.values) and isinstance(bundle.item_ids.values[0], str)
    fitting = (str,) if text else (int, np.integer)
    wrong = {
        kind
        for kind in set(map(type, item_ids)) - {type(None)}
        if kind is bool or not issubclass(kind, fitting)
    }
    if wrong:
        item_id = next(one for one in item_ids if type(one) in wrong)
        raise RequestError(
            f"item id {item_id!r} is {_kind(item_id)}, but this model's item ids are "
            f"{'text' if text else 'integers'}; pass them as such"
        )
    codes = bundle.item_ids.codes(item_ids)
    return np.where(codes >= FIRST, codes - FIRST, -1).astype(np.int32)


def as_records(table: Any) -> Sequence[Mapping[str, Any]]:
    """A dict, a list of dicts or a DataFrame as a list of dicts. Empty cells become None.

    Raises:
        RequestError: it is none of these.
    """
    if isinstance(table, Mapping):
        return [table]
    if hasattr(table, "to_dict"):
        names, cells = list(table.columns), table.astype(object).where(table.notna(), None)
        return [dict(zip(names, row, strict=True)) for row in cells.to_numpy().tolist()]
    if isinstance(table, str) or not isinstance(table, Sequence):
        raise RequestError(f"expected a list of dicts or a DataFrame, got {_kind(table)}")
    wrong = {kind for kind in set(map(type, table)) if not issubclass(kind, Mapping)}
    if wrong:
        i, record = next((i, one) for i, one in enumerate(table) if type(one) in wrong)
        raise RequestError(f"record {i} is {_kind(record)}; each must be a dict")
    return table


def _check_user(row: int, record: Mapping[str, Any]) -> None:
    user, history = record.get("user"), record.get("history")
    if user is not None and not isinstance(user, Mapping):
        raise RequestError(f"user {row}: 'user' is {_kind(user)}; give a dict of columns, or null")
    ordered = hasattr(history, "__len__") and hasattr(history, "__getitem__")
    if history is not None and (not ordered or isinstance(history, (str, bytes, Mapping))):
        raise RequestError(f"user {row}: 'history' is {_kind(history)}; give a list of item ids")


def _kind(value: object) -> str:
    names = {int: "an integer", str: "text", float: "a number", bool: "a boolean", dict: "a dict"}
    return names.get(type(value), "null" if value is None else f"a {type(value).__name__}")


__all__ = ["ItemEncoder", "Towers", "UserEncoder"]
