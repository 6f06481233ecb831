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
    """Finds the items with the largest inner products with users' vectors."""

    def __init__(self, resources: Resources, degrade: bool = False) -> None:
        """`degrade`: if the index is unreachable, give None instead of each list."""
        self._resources, self._degrade = resources, degrade

    def nearest(self, vectors: Any, queries: Sequence[Query]) -> Sequence[list[Hit] | None]:
        """The best items for each of B vectors, best first, as many as the query's ``candidates``.

        Only items that pass ``filter`` are found, and never those in ``exclude``. Items of the
        ``history`` are left out. If ``seen`` is ``include`` they stay in; if it is ``demote`` they
        come after all others.

        Args:
            vectors: ``(B, 256)`` float32, or a list of B vectors.
            queries: B complete queries.

        Raises:
            RequestError: vectors have another shape, the lengths differ, or a filter is wrong.
            IndexMismatch: the index holds vectors of another model.
            StoreUnavailable: the index does not answer. With `degrade` this is raised only if a
                query has a filter, which cannot be applied without the index.
        """
        vectors = as_vectors(vectors)
        one_for_each("vectors", vectors, "requests", queries)
        try:
            lists = self._search(vectors, queries, [left_out(query) for query in queries])
            return self._with_demoted(vectors, queries, lists)
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
        self, vectors: NDArray[np.float32], queries: Sequence[Query], lists: list[list[Hit]]
    ) -> list[list[Hit]]:
        """The lists with seen items at the end, if ``seen`` is ``demote`` and there are too few
        unseen items. A second search finds them."""
        short = [
            i
            for i, (query, hits) in enumerate(zip(queries, lists, strict=True))
            if query["seen"] == "demote" and len(hits) < query["candidates"]
        ]
        if short:
            without = [[*(hit[ITEM_ID] for hit in lists[i]), *queries[i]["exclude"]] for i in short]
            more = self._search(vectors[short], [queries[i] for i in short], without)
            for i, seen in zip(short, more, strict=True):
                lists[i] = [*lists[i], *seen][: queries[i]["candidates"]]
        return lists


def left_out(query: Query) -> list[Id]:
    """The items that the first search leaves out: seen ones, unless included, and excluded ones."""
    seen = [] if query["seen"] == "include" else query["history"] or []
    return [*seen, *query["exclude"]]
