"""Turn hits into recommendations, with ranks and the items' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee_recsys.components.frames import to_frame
from towhee_recsys.components.hits import Hits
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import BECAUSE, DEGRADED, ITEM_ID, RANK, USER_ID, Id, Item, Recommendation

_SHOWN_ROWS = 60


class Answer(list[Any]):
    """A list of recommendations, or of such lists, that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        if self and isinstance(self[0], list):
            table = to_frame(self, list(range(len(self)))).rename(columns={USER_ID: "request"})
        else:
            table = to_frame(self).drop(columns=USER_ID)
        html: str = table.to_html(index=False, max_rows=_SHOWN_ROWS)
        return html


class Answers:
    """Adds the rank and the record to each hit, and the records to its reasons."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def compose(self, lists: Sequence[Hits]) -> list[list[Recommendation]]:
        """Each list of hits as recommendations.

        An item without a record is given with its id and score, and marked ``degraded: ['items']``.
        If the store is unreachable, this applies to all items.
        """
        records = self._records({one for hits in lists for hit in hits for one in _shown(hit)})
        return Answer(
            Answer(_recommendation(hit, i, records) for i, hit in enumerate(hits, 1))
            for hits in lists
        )

    def _records(self, item_ids: set[Id]) -> Mapping[Id, Item | None]:
        ids = list(item_ids)
        try:
            return dict(zip(ids, self._resources.store.get_items(ids), strict=True))
        except StoreUnavailable:
            return dict.fromkeys(ids)


def _shown(hit: Mapping[str, Any]) -> list[Id]:
    """The items whose records the answer shows: the recommended item and its reasons."""
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
