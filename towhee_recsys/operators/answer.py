"""Hits → recommendations: ranked, with the items' records, in the shape that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from towhee import register

from towhee_recsys.components.requests import is_batch
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.stores.base import CONNECTIONS, RecordStore
from towhee_recsys.types import BECAUSE, DEGRADED, ITEM_ID, RANK, Id, Item, Recommendation


@register(name="recsys/answer")
class Answer(shared.SharedOperator):
    """``ops.recsys.answer(url='redis://…')``: what the pipeline was called with, and a list of
    lists of hits → lists of recommendations; a single list where the call was no list.

    An item without a record is answered by its id and score, and marked ``degraded: ['items']``.
    Reasons in ``because`` get their records too.
    """

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        super().__init__()
        self._url, self._connections = url, connections

    @cached_property
    def _store(self) -> RecordStore:
        return shared.record_store(self._url, self._connections)

    def __call__(
        self, raw: Any, hits: Sequence[Sequence[Mapping[str, Any]]]
    ) -> list[Recommendation] | list[list[Recommendation]]:
        records = self._records({one for row in hits for hit in row for one in _named(hit)})
        answers = [
            [_recommendation(hit, rank, records) for rank, hit in enumerate(row, 1)] for row in hits
        ]
        return answers if is_batch(raw) else answers[0]

    def _records(self, item_ids: set[Id]) -> dict[Id, Item | None]:
        ids = list(item_ids)
        try:
            return dict(zip(ids, self._store.get_items(ids), strict=True))
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
    answer = {**own, **(record or {}), **own}
    if record is None:
        answer[DEGRADED] = [*hit.get(DEGRADED, ()), "items"]
    return answer
