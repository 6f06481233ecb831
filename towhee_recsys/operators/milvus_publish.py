"""Operator ``recsys/milvus_publish``."""

from __future__ import annotations

from collections.abc import Sequence

from towhee import register

from towhee_recsys.errors import StoreError
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.types import Id


@register(name="recsys/milvus_publish")
class MilvusPublish(SharedOperator):
    """``ops.recsys.milvus_publish(uri='./milvus.db', fingerprint='1a2b3c4d')``: switch searches to
    a collection.

    It takes the ids of all items that were written, and returns the number of items in the index.
    It removes all other items, flushes and counts. Searches are switched only if the count is
    right.
    """

    def __init__(self, uri: str, fingerprint: str, token_env: str = TOKEN_ENV) -> None:
        super().__init__(milvus_uri=uri, fingerprint=fingerprint, token_env=token_env)

    def __call__(self, ids: Sequence[Id]) -> int:
        if not ids:
            raise StoreError("no items were written, so there is nothing to publish")
        index = self.resources.index
        collection = index.collection(self.resources.fingerprint)
        expected, count = len(set(ids)), index.finish(collection, ids)
        if count != expected:
            raise StoreError(
                f"{collection} in {self.resources.deployment.milvus_uri} holds {count:,} items "
                f"after {expected:,} were written; searches were not switched to it; ingest again"
            )
        index.publish(collection)
        return count
