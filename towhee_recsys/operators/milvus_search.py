"""Vectors → the items with the largest inner products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.components.hits import as_vectors, one_for_each
from towhee_recsys.errors import ConfigError, StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import MAX_TOP_K, Hit, Id


@register(name="recsys/milvus_search")
class MilvusSearch(shared.SharedOperator):
    """``ops.recsys.milvus_search(uri='./milvus.db', fingerprint='1a2b3c4d', top_k=10)``:
    ``(B, 256)`` vectors → B lists of ``{'item_id', 'score'}``, best first.

    An index of another fingerprint is refused. A second input, a list of B requests, gives each
    vector its own ``top_k`` (or ``candidates``, where a later step chooses among them), ``filter``,
    ``history`` (left out unless ``seen`` is ``include``; last where it is ``demote``) and
    ``exclude``. With ``degrade=True`` an index that does not answer gives None in place of each
    list, unless one was asked for with a filter.
    """

    def __init__(self, uri: str, fingerprint: str, top_k: int = 10, degrade: bool = False) -> None:
        super().__init__()
        if not 1 <= top_k <= MAX_TOP_K:
            raise ConfigError(f"top_k is {top_k!r}; give 1 to {MAX_TOP_K:,}")
        self._uri, self._fingerprint = uri, fingerprint
        self._top_k, self._degrade = top_k, degrade

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(
        self, vectors: NDArray[np.float32], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> Sequence[list[Hit] | None]:
        asked = requests if requests is not None else [{}] * len(vectors)
        vectors = as_vectors(vectors)
        one_for_each("vectors", vectors, "requests", asked)
        try:
            found = self._search(vectors, asked, [left_out(request) for request in asked])
            return self._demoted(vectors, asked, found)
        except StoreUnavailable:
            # Without the index a filter cannot be applied, and an answer that ignores it is wrong.
            if not self._degrade or any(request.get("filter") for request in asked):
                raise
            return [None] * len(vectors)

    def _search(
        self,
        vectors: NDArray[np.float32],
        asked: Sequence[Mapping[str, Any]],
        without: Sequence[Sequence[Id]],
    ) -> list[list[Hit]]:
        return self._store.search(
            vectors,
            top_k=[wanted(request, self._top_k) for request in asked],
            fingerprint=self._fingerprint,
            filters=[request.get("filter") for request in asked],
            exclude=without,
        )

    def _demoted(
        self,
        vectors: NDArray[np.float32],
        asked: Sequence[Mapping[str, Any]],
        found: list[list[Hit]],
    ) -> list[list[Hit]]:
        """The same, with seen items after the others where these are too few and ``seen`` says
        ``demote``: a second search for what the first one neither found nor was to leave out."""
        short = [
            i
            for i, (request, hits) in enumerate(zip(asked, found, strict=True))
            if request.get("seen") == "demote" and len(hits) < wanted(request, self._top_k)
        ]
        if short:
            without = [
                [*(hit["item_id"] for hit in found[i]), *ids_of(asked[i], "exclude")] for i in short
            ]
            more = self._search(vectors[short], [asked[i] for i in short], without)
            for i, seen in zip(short, more, strict=True):
                found[i] = [*found[i], *seen][: wanted(asked[i], self._top_k)]
        return found


def wanted(request: Mapping[str, Any], top_k: int) -> int:
    """How many items to find."""
    return int(request.get("candidates") or request.get("top_k", top_k))


def left_out(request: Mapping[str, Any]) -> list[Id]:
    """The items that must not come back, or only after all others."""
    seen = [] if request.get("seen") == "include" else ids_of(request, "history")
    return [*seen, *ids_of(request, "exclude")]


def ids_of(request: Mapping[str, Any], key: str) -> list[Id]:
    """A list of ids in a request, as Python's own; empty where there is none."""
    ids = request.get(key)
    if ids is None:
        return []
    if isinstance(ids, np.ndarray):
        return list(ids.tolist())
    if any(issubclass(kind, np.generic) for kind in set(map(type, ids))):
        return [one.item() if isinstance(one, np.generic) else one for one in ids]
    return list(ids)
