"""Look up the records and histories of users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import ITEM_ID, Id, Query


class Users:
    """Completes queries with what the record store knows of their users."""

    def __init__(self, resources: Resources, check_ids: bool = True) -> None:
        """`check_ids`: leave out of stored histories the ids of another kind than the model's. No
        item of the model can have them, and one stray event must not fail all later requests."""
        self._resources, self._check_ids = resources, check_ids

    def look_up(self, queries: Sequence[Query]) -> list[Query]:
        """The queries with ``user`` and ``history``. What a query has already is kept.

        An unknown user gets an empty record and an empty history. If the store is unreachable,
        every looked-up user does, and ``degraded`` contains ``users``.
        """
        found = [query.copy() for query in queries]
        try:
            _fill(found, "user", lambda ids: self._resources.store.get_users(ids))
            _fill(found, "history", self._histories)
        except StoreUnavailable:
            for query in found:
                if query["user_id"] is not None and None in (query["user"], query["history"]):
                    query["degraded"] = ["users"]
        for query in found:
            query["user"] = query["user"] or {}
            query["history"] = query["history"] or []
        return found

    def _histories(self, user_ids: list[Id]) -> list[list[Id]]:
        found = self._resources.store.get_histories(user_ids)
        if not self._check_ids:
            return found
        kind = int if self._resources.bundle.metadata.id_types[ITEM_ID] == "int" else str
        return [
            [one for one in history if type(one) is kind]
            if set(map(type, history)) - {kind}
            else history
            for history in found
        ]


def _fill(
    queries: list[Query],
    key: Literal["user", "history"],
    look_up: Callable[[list[Id]], Sequence[Any]],
) -> None:
    missing = [query for query in queries if query["user_id"] is not None and query[key] is None]
    if missing:
        ids: list[Any] = [query["user_id"] for query in missing]
        for query, value in zip(missing, look_up(ids), strict=True):
            query[key] = value
