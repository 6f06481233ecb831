"""Requests → the same with each user's record and history, from the store unless given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from towhee import register

from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.operators.milvus_search import ids_of
from towhee_recsys.stores.base import CONNECTIONS, RecordStore
from towhee_recsys.types import DEGRADED, ITEM_ID, USER_ID, Id


@register(name="recsys/user_lookup")
class UserLookup(shared.SharedOperator):
    """``ops.recsys.user_lookup(url='redis://…')``: a list of requests → the list with ``user`` and
    ``history`` in each.

    A user without a record has an empty one. Where the store does not answer, so has everybody who
    was to be looked up, and ``degraded`` says ``users``. With a `bundle`, what a stored history has
    of ids of another kind than the model's is passed over: no item of it can have them, and one
    stray event must not stop all that comes after.
    """

    def __init__(self, url: str, connections: int = CONNECTIONS, bundle: str | None = None) -> None:
        super().__init__()
        self._url, self._connections = url, connections
        self._bundle = None if bundle is None else str(bundle)

    @cached_property
    def _store(self) -> RecordStore:
        return shared.record_store(self._url, self._connections)

    @cached_property
    def _kind(self) -> type | None:
        if self._bundle is None:
            return None
        return int if shared.metadata(self._bundle).id_types[ITEM_ID] == "int" else str

    def __call__(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        users = [dict(request) for request in requests]
        for user in users:
            if user.get("history") is not None:
                user["history"] = ids_of(user, "history")
        try:
            _fill(users, "user", lambda ids: self._store.get_users(ids))
            _fill(users, "history", self._histories)
        except StoreUnavailable:
            for user in users:
                if USER_ID in user and None in (user.get("user"), user.get("history")):
                    user[DEGRADED] = ["users"]
        for user in users:
            user["user"] = user.get("user") or {}
            user["history"] = user.get("history") or []
        return users

    def _histories(self, user_ids: list[Id]) -> list[list[Id]]:
        found = self._store.get_histories(user_ids)
        if self._kind is None:
            return found
        return [
            [one for one in history if type(one) is self._kind]
            if set(map(type, history)) - {self._kind}
            else history
            for history in found
        ]


def _fill(
    users: list[dict[str, Any]], key: str, lookup: Callable[[list[Id]], Sequence[Any]]
) -> None:
    missing = [user for user in users if USER_ID in user and user.get(key) is None]
    if missing:
        found = lookup([user[USER_ID] for user in missing])
        for user, value in zip(missing, found, strict=True):
            user[key] = value
