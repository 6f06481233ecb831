"""Item ids → their vectors in the index."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.operators import shared
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import Id


@register(name="recsys/milvus_fetch")
class MilvusFetch(shared.SharedOperator):
    """``ops.recsys.milvus_fetch(uri='./milvus.db', fingerprint='1a2b3c4d')``: a list of ids → a
    list of ``(256,)`` float32 vectors, None where the index has no such item."""

    def __init__(self, uri: str, fingerprint: str) -> None:
        super().__init__()
        self._uri, self._fingerprint = uri, fingerprint

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(self, item_ids: Sequence[Id]) -> list[NDArray[np.float32] | None]:
        return self._store.get(item_ids, self._fingerprint)
