"""Operator ``recsys/milvus_insert``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.errors import DataError
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.types import ITEM_ID, Id, Item, Role


@register(name="recsys/milvus_insert")
class MilvusInsert(SharedOperator):
    """``ops.recsys.milvus_insert(uri='./milvus.db', fingerprint='1a2b3c4d')``: write a list of
    records and their ``(B, 256)`` vectors; return the list of their ids.

    The rows are written to the collection of this fingerprint, and replace rows with the same ids.
    Searches see a new collection only after `milvus_publish`. `attributes` names the columns that
    filters can use, each with its role in the schema (``categorical``, ``multi_categorical`` or
    ``number``): ``{'genres': 'multi_categorical', 'year': 'number'}``.
    """

    def __init__(
        self,
        uri: str,
        fingerprint: str,
        attributes: Mapping[str, Role] | None = None,
        token_env: str = TOKEN_ENV,
    ) -> None:
        super().__init__(milvus_uri=uri, fingerprint=fingerprint, token_env=token_env)
        self._attributes = dict(attributes or {})

    def __call__(self, items: Sequence[Item], vectors: NDArray[np.float32]) -> list[Id]:
        ids: list[Id] = [_id(number, item) for number, item in enumerate(items)]
        if ids:
            index, kind = self.resources.index, str if isinstance(ids[0], str) else int
            collection = index.create(self.resources.fingerprint, kind, self._attributes)
            index.write(collection, items, vectors)
        return ids


def _id(number: int, item: Item) -> Id:
    if item.get(ITEM_ID) is None:
        raise DataError(f"record {number} has no {ITEM_ID}: {str(item)[:80]}")
    own: Id = item[ITEM_ID]
    return own
