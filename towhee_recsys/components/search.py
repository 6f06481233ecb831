"""Search the index for the items nearest to users' vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.components.hits import as_vectors, one_for_each
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import ITEM_ID, Hit, Id, Query


class Search:
    """Finds the items with the largest inner products."""

    def __init__(self, resources: Resources, degrade: bool = False) -> None:
        """`degrade`: an unreachable index gives None in place of each list."""
        self._resources, self._degrade = resources, degrade

    def nearest(self, vectors: Any, queries: Sequence[Query]) -> Sequence[list[Hit] | None]:
        """For each of B vectors, its ``candidates`` best items, best first.

        Items of the ``history`` are left out unless ``seen`` is ``include``; with ``demote`` they
        come after all others. Items of ``exclude`` never come, and only those that pass ``filter``.

        Args:
            vectors: ``(B, 256)`` float32, or a list of B vectors.
            queries: B complete queries.

        Raises:
            RequestError: vectors have another shape, or a filter is wrong.
            IndexMismatch: the index holds vectors of another model.
            StoreUnavailable: the index does not answer. With `degrade`, only if a query has a
                filter: that cannot be applied without the index, and must not be ignored.
        """
        vectors = as_vectors(vectors)
        one_for_each("vectors", vectors, "requests", queries)
        try:
            found = self._search(vectors, queries, [left_out(query) for query in queries])
            return self._with_demoted(vectors, queries, found)
        except StoreUnavailable:
            if not self._degrade or any(query["filter"] for query in queries):
                raise
            return [None] * len(vectors)

    def _search(
        self,
        vectors: NDArray[np.float32],
        queries: Sequence[Query],
        without: Sequence[Sequence[Id]],
    ) -> list[list[Hit]]:
        return self._resources.index.search(
            vectors,
            top_k=[query["candidates"] for query in queries],
            fingerprint=self._resources.fingerprint,
            filters=[query["filter"] for query in queries],
            exclude=without,
        )

    def _with_demoted(
        self, vectors: NDArray[np.float32], queries: Sequence[Query], found: list[list[Hit]]
    ) -> list[list[Hit]]:
        """The same lists. Where there are too few unseen items and ``seen`` is ``demote``, a second
        search adds seen ones: whatever the first neither found nor had to exclude."""
        short = [
            i
            for i, (query, hits) in enumerate(zip(queries, found, strict=True))
            if query["seen"] == "demote" and len(hits) < query["candidates"]
        ]
        if short:
            without = [[*(hit[ITEM_ID] for hit in found[i]), *queries[i]["exclude"]] for i in short]
            more = self._search(vectors[short], [queries[i] for i in short], without)
            for i, seen in zip(short, more, strict=True):
                found[i] = [*found[i], *seen][: queries[i]["candidates"]]
        return found


def left_out(query: Query) -> list[Id]:
    """The items that must not come back, or only after all others."""
    seen = [] if query["seen"] == "include" else query["history"] or []
    return [*seen, *query["exclude"]]
