"""Hits → recommendations: ranked, with the items' records, in the shape that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from towhee import register

from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.operators.requests import is_batch
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.types import DEGRADED, ITEM_ID, RANK, Id, Item, Recommendation


@register(name="recsys/answer")
class Answer(shared.SharedOperator):
    """``ops.recsys.answer(url='redis://…')``: what the pipeline was called with, and a list of
    lists of hits → lists of recommendations; a single list where the call was no list.

    An item without a record is answered by its id and score, and marked ``degraded: ['items']``.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    @cached_property
    def _store(self) -> RecordStore:
        return shared.record_store(self._url)

    def __call__(
        self, raw: Any, hits: Sequence[Sequence[Mapping[str, Any]]]
    ) -> list[Recommendation] | list[list[Recommendation]]:
        records = self._records({hit[ITEM_ID] for row in hits for hit in row})
        answers = [
            [_recommendation(hit, rank, records[hit[ITEM_ID]]) for rank, hit in enumerate(row, 1)]
            for row in hits
        ]
        return answers if is_batch(raw) else answers[0]

    def _records(self, item_ids: set[Id]) -> dict[Id, Item | None]:
        ids = list(item_ids)
        try:
            return dict(zip(ids, self._store.get_items(ids), strict=True))
        except StoreUnavailable:
            return dict.fromkeys(ids)


def _recommendation(hit: Mapping[str, Any], rank: int, record: Item | None) -> Recommendation:
    own = {**hit, RANK: rank}
    answer = {**own, **(record or {}), **own}
    if record is None:
        answer[DEGRADED] = [*hit.get(DEGRADED, ()), "items"]
    return answer
