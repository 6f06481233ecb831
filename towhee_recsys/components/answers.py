"""Make recommendations of hits: ranked, with the items' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee_recsys.components.hits import Hits
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import BECAUSE, DEGRADED, ITEM_ID, RANK, Id, Item, Recommendation


class Answers:
    """Adds rank and record to every hit, and records to its reasons."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def compose(self, lists: Sequence[Hits]) -> list[list[Recommendation]]:
        """Each list of hits as recommendations.

        An item without a record, or any item if the store is unreachable, is answered by its id and
        score, and marked ``degraded: ['items']``.
        """
        records = self._records({one for hits in lists for hit in hits for one in _named(hit)})
        return [[_recommendation(hit, i, records) for i, hit in enumerate(h, 1)] for h in lists]

    def _records(self, item_ids: set[Id]) -> Mapping[Id, Item | None]:
        ids = list(item_ids)
        try:
            return dict(zip(ids, self._resources.store.get_items(ids), strict=True))
        except StoreUnavailable:
            return dict.fromkeys(ids)


def _named(hit: Mapping[str, Any]) -> list[Id]:
    """The items whose records an answer shows: the hit's own, and those of its reasons."""
    return [hit[ITEM_ID], *(reason[ITEM_ID] for reason in hit.get(BECAUSE, ()))]


def _recommendation(
    hit: Mapping[str, Any], rank: int, records: Mapping[Id, Item | None]
) -> Recommendation:
    own, record = {**hit, RANK: rank}, records[hit[ITEM_ID]]
    if BECAUSE in hit:
        own[BECAUSE] = [{**reason, **(records[reason[ITEM_ID]] or {})} for reason in hit[BECAUSE]]
    answer = {**own, **(record or {}), **own}  # the record's fields cannot replace the answer's
    if record is None:
        answer[DEGRADED] = [*hit.get(DEGRADED, ()), "items"]
    return answer
