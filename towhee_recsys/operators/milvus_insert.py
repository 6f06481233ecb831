"""Items and their vectors → rows of the collection that belongs to the vectors' model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.errors import DataError
from towhee_recsys.operators import shared
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import ITEM_ID, Id, Item, Role


@register(name="recsys/milvus_insert")
class MilvusInsert(shared.SharedOperator):
    """``ops.recsys.milvus_insert(uri='./milvus.db', fingerprint='1a2b3c4d')``: a list of records
    and their ``(B, 256)`` vectors → the list of ids written.

    Writes to the collection of that fingerprint, which no search sees before `milvus_publish`,
    unless it is the live one already; a row that is there is replaced. `attributes` gives the
    columns that filters can use, each with its role in the schema (``categorical``,
    ``multi_categorical`` or ``number``): ``{'genres': 'multi_categorical', 'year': 'number'}``.
    """

    def __init__(
        self, uri: str, fingerprint: str, attributes: Mapping[str, Role] | None = None
    ) -> None:
        super().__init__()
        self._uri, self._fingerprint = uri, fingerprint
        self._attributes = dict(attributes or {})

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(self, items: Sequence[Item], vectors: NDArray[np.float32]) -> list[Id]:
        ids: list[Id] = [_id(number, item) for number, item in enumerate(items)]
        if ids:
            kind = str if isinstance(ids[0], str) else int
            collection = self._store.create(self._fingerprint, kind, self._attributes)
            self._store.write(collection, items, vectors)
        return ids


def _id(number: int, item: Item) -> Id:
    if item.get(ITEM_ID) is None:
        raise DataError(f"record {number} has no {ITEM_ID}: {str(item)[:80]}")
    own: Id = item[ITEM_ID]
    return own
