"""Items → the items most like them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.errors import DataError, RequestError
from towhee_recsys.operators import shared
from towhee_recsys.operators.milvus_search import ids_of
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import ITEM_ID, ROUTE, Id

if TYPE_CHECKING:
    from towhee_recsys.encoders import ItemEncoder


@register(name="recsys/nearest_items")
class NearestItems(shared.SharedOperator):
    """``ops.recsys.nearest_items(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``: a
    list of `SimilarRequest` → a list of lists of hits with the route ``similar``, `top_k` of them
    where a request does not say.

    An item is compared by its vector in the index, or by that of the ``item`` record given.
    """

    def __init__(self, bundle: str, uri: str, fingerprint: str, top_k: int = 10) -> None:
        super().__init__()
        self._bundle, self._uri, self._fingerprint = str(bundle), uri, fingerprint
        self._top_k = top_k

    @cached_property
    def _encoder(self) -> ItemEncoder:
        return shared.item_encoder(self._bundle, self._fingerprint)

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(self, requests: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        found = self._store.search(
            self._vectors(requests),
            top_k=[request.get("top_k", self._top_k) for request in requests],
            fingerprint=self._fingerprint,
            filters=[request.get("filter") for request in requests],
            exclude=[_left_out(request) for request in requests],
        )
        return [[{**hit, ROUTE: "similar"} for hit in hits] for hits in found]

    def _vectors(self, requests: Sequence[dict[str, Any]]) -> NDArray[np.float32]:
        """``(B, 256)``: of the records given, and of the others from the index.

        Raises:
            RequestError: an item is neither given nor in the index.
        """
        vectors = np.empty((len(requests), self._encoder.bundle.config.embedding_size), np.float32)
        given = [i for i, request in enumerate(requests) if request.get("item")]
        indexed = [i for i, request in enumerate(requests) if not request.get("item")]
        if given:
            records = [requests[i]["item"] | {ITEM_ID: _own_id(requests[i])} for i in given]
            try:
                vectors[given] = self._encoder.encode(records)
            except DataError as exc:
                raise RequestError(f"item: {exc}") from exc
        for i in indexed:
            if ITEM_ID not in requests[i]:
                raise RequestError(f"request {i} has neither an item_id nor an item")
        ids = [requests[i][ITEM_ID] for i in indexed]
        for i, vector in zip(indexed, self._store.get(ids, self._fingerprint), strict=True):
            if vector is None:
                raise RequestError(
                    f"item {requests[i][ITEM_ID]!r} is not in the index; ingest it, or pass its "
                    "record as 'item'"
                )
            vectors[i] = vector
        return vectors


def _own_id(request: dict[str, Any]) -> Id | None:
    own: Id | None = request.get(ITEM_ID, (request.get("item") or {}).get(ITEM_ID))
    return own


def _left_out(request: dict[str, Any]) -> list[Id]:
    own = _own_id(request)
    return [*ids_of(request, "exclude"), *([] if own is None else [own])]
