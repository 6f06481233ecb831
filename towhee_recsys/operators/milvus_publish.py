"""The ids of all that was written → the collection, checked, is the one that searches see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from towhee import register

from towhee_recsys.errors import StoreError
from towhee_recsys.operators import shared
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import Id


@register(name="recsys/milvus_publish")
class MilvusPublish(shared.SharedOperator):
    """``ops.recsys.milvus_publish(uri='./milvus.db', fingerprint='1a2b3c4d')``: a list of ids → the
    number of items in the index.

    Removes what is not among the ids, flushes, counts, and makes the collection the live one, if it
    is not that already, only if the count is right.
    """

    def __init__(self, uri: str, fingerprint: str) -> None:
        super().__init__()
        self._uri, self._fingerprint = uri, fingerprint

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(self, ids: Sequence[Id]) -> int:
        if not ids:
            raise StoreError("no items were written, so there is nothing to publish")
        collection = self._store.collection(self._fingerprint)
        expected, found = len(set(ids)), self._store.finish(collection, ids)
        if found != expected:
            raise StoreError(
                f"{collection} in {self._uri} holds {found:,} items after {expected:,} were "
                "written; no search was switched to it; ingest again"
            )
        self._store.publish(collection)
        return found
