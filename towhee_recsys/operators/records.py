"""Records ↔ the store that a URL names: what the Redis and MySQL operators share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

from towhee_recsys.errors import ConfigError
from towhee_recsys.operators import shared
from towhee_recsys.stores.base import CONNECTIONS, RecordStore
from towhee_recsys.types import Id

Insertable = Literal["items", "users", "interactions"]
Lookable = Literal["items", "users", "histories"]


class _RecordOperator(shared.SharedOperator):
    schemes: ClassVar[tuple[str, ...]]

    def __init__(self, url: str, kind: str, connections: int, kinds: tuple[str, ...]) -> None:
        super().__init__()
        if not url.startswith(self.schemes):
            raise ConfigError(
                f"{type(self).__name__} takes a URL that starts with {' or '.join(self.schemes)}"
            )
        if kind not in kinds:
            raise ConfigError(f"kind is {kind!r}; it must be one of {', '.join(kinds)}")
        self._url, self._kind, self._connections = url, kind, connections

    @cached_property
    def _store(self) -> RecordStore:
        return shared.record_store(self._url, self._connections)


class RecordInsert(_RecordOperator):
    """A list of records → how many were written. Writing again changes nothing."""

    def __init__(
        self, url: str, kind: Insertable = "items", connections: int = CONNECTIONS
    ) -> None:
        super().__init__(url, kind, connections, ("items", "users", "interactions"))

    def __call__(self, records: Sequence[Any]) -> int:
        if self._kind == "interactions":
            return self._store.add_interactions(records)
        put = self._store.put_items if self._kind == "items" else self._store.put_users
        put(records)
        return len(records)


class RecordLookup(_RecordOperator):
    """A list of ids → a list of records in their order, ``{}`` where there is none; or, for
    ``histories``, of lists of item ids, oldest first."""

    def __init__(self, url: str, kind: Lookable = "items", connections: int = CONNECTIONS) -> None:
        super().__init__(url, kind, connections, ("items", "users", "histories"))

    def __call__(self, ids: Sequence[Id]) -> list[Any]:
        if self._kind == "histories":
            return list(self._store.get_histories(ids))
        get = self._store.get_items if self._kind == "items" else self._store.get_users
        return [record or {} for record in get(ids)]
