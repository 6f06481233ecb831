"""Find the items nearest to an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import DataError, RequestError
from towhee_recsys.types import ITEM_ID, ROUTE, VECTOR_SIZE, Id


class SimilarItems:
    """Searches with an item's vector, which comes from the index or from a given record."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def nearest(self, queries: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
        """The ``top_k`` nearest items for each query, with the route ``similar``. The item itself
        is left out.

        Args:
            queries: a `SimilarRequest` each, with ``top_k``, ``filter`` and ``exclude`` filled in.

        Raises:
            RequestError: a query has neither an id nor a record, or its id is not in the index.
            IndexMismatch: the index holds vectors of another model.
            StoreUnavailable: the index does not answer.
        """
        lists = self._resources.index.search(
            self._vectors(queries),
            top_k=[query["top_k"] for query in queries],
            fingerprint=self._resources.fingerprint,
            filters=[query["filter"] for query in queries],
            exclude=[_left_out(query) for query in queries],
        )
        return [[{**hit, ROUTE: "similar"} for hit in hits] for hits in lists]

    def _vectors(self, queries: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        vectors = np.empty((len(queries), VECTOR_SIZE), np.float32)
        given = [i for i, query in enumerate(queries) if query.get("item")]
        indexed = [i for i, query in enumerate(queries) if not query.get("item")]
        if given:
            records = [queries[i]["item"] | {ITEM_ID: _own_id(queries[i])} for i in given]
            try:
                vectors[given] = self._resources.item_encoder.encode(records)
            except DataError as exc:
                raise RequestError(f"item: {exc}") from exc
        for i in indexed:
            if ITEM_ID not in queries[i]:
                raise RequestError(f"request {i} has neither an item_id nor an item")
        ids = [queries[i][ITEM_ID] for i in indexed]
        stored = self._resources.index.get(ids, self._resources.fingerprint)
        for i, vector in zip(indexed, stored, strict=True):
            if vector is None:
                raise RequestError(
                    f"item {queries[i][ITEM_ID]!r} is not in the index; ingest it, or pass its "
                    "record as 'item'"
                )
            vectors[i] = vector
        return vectors


def _own_id(query: Mapping[str, Any]) -> Id | None:
    own: Id | None = query.get(ITEM_ID, (query.get("item") or {}).get(ITEM_ID))
    return own


def _left_out(query: Mapping[str, Any]) -> list[Id]:
    own = _own_id(query)
    return [*query["exclude"], *([] if own is None else [own])]
