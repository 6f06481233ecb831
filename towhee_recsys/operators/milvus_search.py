"""Vectors → the items with the largest inner products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.operators.hits import as_vectors, one_for_each
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import Hit, Id


@register(name="recsys/milvus_search")
class MilvusSearch(shared.SharedOperator):
    """``ops.recsys.milvus_search(uri='./milvus.db', fingerprint='1a2b3c4d', top_k=10)``:
    ``(B, 256)`` vectors → B lists of ``{'item_id', 'score'}``, best first.

    An index of another fingerprint is refused. A second input, a list of B requests, gives each
    vector its own ``top_k`` (or ``candidates``, where a later step chooses among them), ``filter``,
    ``history`` (left out unless ``seen`` is ``include``) and ``exclude``. With ``degrade=True`` an
    index that does not answer gives None in place of each list, unless one was asked for with a
    filter.
    """

    def __init__(self, uri: str, fingerprint: str, top_k: int = 10, degrade: bool = False) -> None:
        super().__init__()
        self._uri, self._fingerprint = uri, fingerprint
        self._top_k, self._degrade = top_k, degrade

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(
        self, vectors: NDArray[np.float32], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> Sequence[list[Hit] | None]:
        asked = requests if requests is not None else [{}] * len(vectors)
        one_for_each("vectors", vectors, "requests", asked)
        try:
            return self._store.search(
                as_vectors(vectors),
                top_k=[wanted(request, self._top_k) for request in asked],
                fingerprint=self._fingerprint,
                filters=[request.get("filter") for request in asked],
                exclude=[left_out(request) for request in asked],
            )
        except StoreUnavailable:
            # Without the index a filter cannot be applied, and an answer that ignores it is wrong.
            if not self._degrade or any(request.get("filter") for request in asked):
                raise
            return [None] * len(vectors)


def wanted(request: Mapping[str, Any], top_k: int) -> int:
    """How many items to find."""
    return int(request.get("candidates") or request.get("top_k", top_k))


def left_out(request: Mapping[str, Any]) -> list[Id]:
    """The items that must not come back."""
    seen = request.get("history") or []
    excluded = request.get("exclude") or []
    return [*excluded] if request.get("seen") == "include" else [*seen, *excluded]
