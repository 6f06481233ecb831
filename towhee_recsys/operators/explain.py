"""Hits → the same, each with the seen items that speak most for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.components.hits import Hits, degraded, item_vectors, one_for_each
from towhee_recsys.errors import ConfigError, StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import BECAUSE, CONTRIBUTION, ITEM_ID, ROUTE, Id

if TYPE_CHECKING:
    from towhee_recsys.encoders import UserEncoder


@register(name="recsys/explain")
class Explain(shared.SharedOperator):
    """``ops.recsys.explain(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``: lists of
    hits and the users they are for → the hits with ``because``.

    ``because`` is a list of ``{'item_id', 'contribution'}``, the largest first: by how much this
    hit's score would be lower, had the user not met that item. At most `reasons` are named, or as
    many as the user's ``explain`` says, and only what raises the score; none for a hit of the route
    ``popular``, which rests on nothing that the user met. An index that does not answer leaves
    ``because`` out, marked ``degraded: ['because']``.
    """

    def __init__(self, bundle: str, uri: str, fingerprint: str, reasons: int = 3) -> None:
        super().__init__()
        if reasons < 0:
            raise ConfigError(f"reasons is {reasons!r}; give 0 or more")
        self._bundle, self._uri, self._fingerprint = str(bundle), uri, fingerprint
        self._reasons = reasons

    @cached_property
    def _encoder(self) -> UserEncoder:
        return shared.user_encoder(self._bundle, self._fingerprint)

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(
        self, hits: Sequence[Hits], users: Sequence[Mapping[str, Any]]
    ) -> list[list[dict[str, Any]]]:
        one_for_each("lists of hits", hits, "users", users)
        limits = [user.get("explain", self._reasons) for user in users]
        asked = [_scored(row) for row, limit in zip(hits, limits, strict=True) if limit]
        try:
            vectors = item_vectors(self._store, self._fingerprint, asked)
        except StoreUnavailable:
            vectors = None
        return [
            self._explained(row, user, limit, vectors)
            for row, user, limit in zip(hits, users, limits, strict=True)
        ]

    def _explained(
        self,
        row: Hits,
        user: Mapping[str, Any],
        limit: int,
        vectors: Mapping[Id, NDArray[np.float32]] | None,
    ) -> list[dict[str, Any]]:
        if not limit:
            return [dict(hit) for hit in row]
        scored = _scored(row)
        if not scored:
            return [{**hit, BECAUSE: []} for hit in row]
        if vectors is None:
            return degraded(row, BECAUSE)
        met, changes = self._encoder.contributions(user)
        reasons = {}
        for hit in scored:
            gains = zip(met, (changes @ vectors[hit[ITEM_ID]]).tolist(), strict=True)
            raising = [(-gain, item) for item, gain in gains if gain > 0 and item != hit[ITEM_ID]]
            reasons[hit[ITEM_ID]] = [
                {ITEM_ID: item, CONTRIBUTION: -less} for less, item in sorted(raising)[:limit]
            ]
        return [{**hit, BECAUSE: reasons.get(hit[ITEM_ID], [])} for hit in row]


def _scored(row: Hits) -> list[Mapping[str, Any]]:
    """The hits that rest on what the user met."""
    return [hit for hit in row if hit.get(ROUTE) != "popular"]
