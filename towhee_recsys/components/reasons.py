"""Name the seen items that contribute most to a recommendation's score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.components.hits import Hits, by_model, degraded, item_vectors, one_for_each
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import BECAUSE, CONTRIBUTION, ITEM_ID, Id, Query


class Reasons:
    """Explains hits by the items of the user's history."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def explain(
        self, lists: Sequence[Hits], queries: Sequence[Query]
    ) -> list[list[dict[str, Any]]]:
        """Add ``because`` to the hits of queries whose ``explain`` is not 0.

        ``because`` is a list of ``{'item_id', 'contribution'}``, the largest contribution first, at
        most ``explain`` of them. A contribution is how much the hit's score would fall if the user
        had not interacted with that item. Only positive contributions are named. A popular item has
        no reasons. If the index is unreachable, ``because`` is left out, and the hits are marked
        ``degraded: ['because']``.
        """
        one_for_each("lists of hits", lists, "users", queries)
        scored = [by_model(hits) for hits, q in zip(lists, queries, strict=True) if q["explain"]]
        try:
            vectors = item_vectors(self._resources, scored)
        except StoreUnavailable:
            vectors = None
        return [
            self._explained(hits, query, vectors) if query["explain"] else [*map(dict, hits)]
            for hits, query in zip(lists, queries, strict=True)
        ]

    def _explained(
        self, hits: Hits, query: Query, vectors: Mapping[Id, NDArray[np.float32]] | None
    ) -> list[dict[str, Any]]:
        scored = by_model(hits)
        if not scored:
            return [{**hit, BECAUSE: []} for hit in hits]
        if vectors is None:
            return degraded(hits, BECAUSE)
        history, changes = self._resources.user_encoder.contributions(query)
        reasons = {}
        for hit in scored:
            gains = zip(history, (changes @ vectors[hit[ITEM_ID]]).tolist(), strict=True)
            raising = [(-gain, item) for item, gain in gains if gain > 0 and item != hit[ITEM_ID]]
            reasons[hit[ITEM_ID]] = [
                {ITEM_ID: item, CONTRIBUTION: -less}
                for less, item in sorted(raising)[: query["explain"]]
            ]
        return [{**hit, BECAUSE: reasons.get(hit[ITEM_ID], [])} for hit in hits]
