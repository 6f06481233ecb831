"""Look up the records and histories of users."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from towhee_recsys.components.requests import plain_ids
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import DEGRADED, ITEM_ID, USER_ID, Id


class Users:
    """Completes queries with their users' records and histories."""

    def __init__(self, resources: Resources, check_ids: bool = True) -> None:
        """`check_ids`: drop ids from stored histories whose type is not that of the model's ids.
        Such an id cannot belong to an item of the model, and one stray event must not make all
        later requests of its user fail."""
        self._resources, self._check_ids = resources, check_ids

    def look_up(self, queries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The queries with ``user`` and ``history`` filled in, unless they are given.

        An unknown user gets an empty record and an empty history. If the store is unreachable,
        every looked-up user does, and ``degraded`` contains ``users``.
        """
        completed = [dict(query) for query in queries]
        for query in completed:
            if query.get("history") is not None:
                query["history"] = plain_ids(query["history"])
        try:
            _fill(completed, "user", lambda ids: self._resources.store.get_users(ids))
            _fill(completed, "history", self._histories)
        except StoreUnavailable:
            for query in completed:
                if query.get(USER_ID) is not None and _lacking(query):
                    query[DEGRADED] = ["users"]
        for query in completed:
            query["user"] = query.get("user") or {}
            query["history"] = query.get("history") or []
        return completed

    def _histories(self, user_ids: list[Id]) -> list[list[Id]]:
        histories = self._resources.store.get_histories(user_ids)
        if not self._check_ids:
            return histories
        kind = int if self._resources.bundle.metadata.id_types[ITEM_ID] == "int" else str
        return [
            [one for one in history if type(one) is kind]
            if set(map(type, history)) - {kind}
            else history
            for history in histories
        ]


def _lacking(query: Mapping[str, Any]) -> bool:
    return query.get("user") is None or query.get("history") is None


def _fill(
    queries: list[dict[str, Any]], key: str, look_up: Callable[[list[Id]], Sequence[Any]]
) -> None:
    missing = [q for q in queries if q.get(USER_ID) is not None and q.get(key) is None]
    if missing:
        for query, value in zip(missing, look_up([q[USER_ID] for q in missing]), strict=True):
            query[key] = value
