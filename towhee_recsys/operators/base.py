"""The base classes of the operators: one instance serves all threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from towhee.operator import PyOperator, SharedType

from towhee_recsys.components.resources import Deployment, Resources
from towhee_recsys.errors import ConfigError
from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.types import Id


class SharedOperator(PyOperator):
    """An operator whose single instance serves all threads. A copy of it is the same object.

    Towhee copies all operators whenever a node is added to a graph, but open connections cannot be
    copied. So an operator holds settings and opens what they name on its first call. It closes it
    when it is closed or garbage-collected. Operators with the same settings share what they open.
    """

    def __init__(self, **named: Any) -> None:
        """`named`: the fields of a `Deployment`."""
        super().__init__()
        self.resources = Resources(Deployment(**named))

    @property
    def shared_type(self) -> Any:
        return SharedType.Shareable

    def __deepcopy__(self, memo: object) -> SharedOperator:
        return self

    def close(self) -> None:
        """Close what the operator opened. It cannot be called after that."""
        self.resources.close()


class _RecordOperator(SharedOperator):
    schemes: ClassVar[tuple[str, ...]]

    def __init__(self, url: str, kind: str, connections: int, kinds: tuple[str, ...]) -> None:
        if not url.startswith(self.schemes):
            raise ConfigError(
                f"{type(self).__name__} takes a URL that starts with {' or '.join(self.schemes)}"
            )
        if kind not in kinds:
            raise ConfigError(f"kind is {kind!r}; it must be one of {', '.join(kinds)}")
        super().__init__(store_url=url, connections=connections)
        self._kind = kind


class RecordInsert(_RecordOperator):
    """Writes a list of records, and returns how many. Writing again changes nothing.

    With ``interactions`` and ``histories`` it returns how many interactions were new. Histories
    are a tuple of three lists: user ids, each one's item ids, each one's timestamps.
    """

    def __init__(
        self,
        url: str,
        kind: Literal["items", "users", "interactions", "histories"] = "items",
        connections: int = CONNECTIONS,
    ) -> None:
        super().__init__(url, kind, connections, ("items", "users", "interactions", "histories"))

    def __call__(self, records: Sequence[Any]) -> int:
        store = self.resources.store
        if self._kind == "interactions":
            return store.add_interactions(records)
        if self._kind == "histories":
            return store.add_histories(*records)
        put = store.put_items if self._kind == "items" else store.put_users
        put(records)
        return len(records)


class RecordLookup(_RecordOperator):
    """Looks up a list of ids, and returns their records in the same order, ``{}`` for an unknown
    id. With the kind ``histories`` it returns lists of item ids, oldest first."""

    def __init__(
        self,
        url: str,
        kind: Literal["items", "users", "histories"] = "items",
        connections: int = CONNECTIONS,
    ) -> None:
        super().__init__(url, kind, connections, ("items", "users", "histories"))

    def __call__(self, ids: Sequence[Id]) -> list[Any]:
        store = self.resources.store
        if self._kind == "histories":
            return list(store.get_histories(ids))
        get = store.get_items if self._kind == "items" else store.get_users
        return [record or {} for record in get(ids)]
