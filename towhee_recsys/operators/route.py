"""Users and what the search found for them → how each was answered, with a better answer for those
of whom nothing is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from towhee import register

from towhee_recsys.operators import shared
from towhee_recsys.operators.milvus_search import left_out
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import DEGRADED, ITEM_ID, ROUTE, SCORE, Hit, Id

if TYPE_CHECKING:
    from towhee_recsys.encoders import UserEncoder


@register(name="recsys/route")
class Route(shared.SharedOperator):
    """``ops.recsys.route(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``: a list of
    users and their lists of hits → the hits, each with its ``route``.

    The hits of a user without a known item or feature are replaced by what is most popular among
    the items that pass the filter; the score then is an item's share of all interactions. None in
    place of hits (an index that did not answer) is replaced likewise, from the bundle alone, and
    marked ``degraded: ['index']``.
    """

    def __init__(self, bundle: str, uri: str, fingerprint: str) -> None:
        super().__init__()
        self._bundle, self._uri, self._fingerprint = str(bundle), uri, fingerprint

    @cached_property
    def _encoder(self) -> UserEncoder:
        return shared.user_encoder(self._bundle, self._fingerprint)

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    @cached_property
    def _popular(self) -> list[Hit]:
        """All known items that anyone met, the most popular first, at equal counts by id."""
        bundle = self._encoder.bundle
        share = bundle.popularity / max(1, bundle.popularity.sum())
        ids = bundle.item_ids.values
        order = sorted(np.flatnonzero(bundle.popularity), key=lambda row: (-share[row], ids[row]))
        return [{ITEM_ID: ids[row], SCORE: float(share[row])} for row in order]  # type: ignore[misc]

    def __call__(
        self, users: Sequence[Mapping[str, Any]], found: Sequence[list[Hit] | None]
    ) -> list[list[dict[str, Any]]]:
        routes = self._encoder.routes(users)
        return [
            self._answer(user, hits, route)
            for user, hits, route in zip(users, found, routes, strict=True)
        ]

    def _answer(
        self, user: Mapping[str, Any], hits: list[Hit] | None, route: str
    ) -> list[dict[str, Any]]:
        degraded = list(user.get(DEGRADED, ()))
        if hits is None:
            degraded.append("index")
            route, hits = "popular", self._most_popular(user, index=False)
        elif route == "popular":
            hits = self._most_popular(user, index=True)
        marks: dict[str, Any] = {ROUTE: route}
        if degraded:
            marks[DEGRADED] = degraded
        return [{**hit, **marks} for hit in hits]

    def _most_popular(self, user: Mapping[str, Any], index: bool) -> list[Hit]:
        out: set[Id] = set(left_out(user))
        top_k: int = user["top_k"]
        hits: list[Hit] = []
        left = [hit for hit in self._popular if hit[ITEM_ID] not in out]  # type: ignore[literal-required]
        step = max(100, 2 * top_k)
        for begin in range(0, len(left), step):
            part = left[begin : begin + step]
            if index:
                ids = [hit["item_id"] for hit in part]
                there = self._store.matching(ids, self._fingerprint, user.get("filter"))
                part = [hit for hit in part if hit["item_id"] in there]
            hits += part
            if len(hits) >= top_k:
                break
        return hits[:top_k]
