"""Candidates → the best of them that differ from one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.components.hits import Hits, degraded, item_vectors, one_for_each
from towhee_recsys.errors import ConfigError, StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.operators.milvus_search import ids_of
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import ITEM_ID, MAX_TOP_K, SCORE, Id


@register(name="recsys/rerank_mmr")
class RerankMMR(shared.SharedOperator):
    """``ops.recsys.rerank_mmr(uri='./milvus.db', fingerprint='1a2b3c4d', diversity=0.3)``: lists of
    candidates → the first `top_k` of each by maximal marginal relevance.

    A second input, a list of requests, gives each list its own ``top_k`` and ``diversity``; 0
    leaves the order as it is, and what ``seen: 'demote'`` puts last stays last. Hits keep their
    scores. There should be several times more candidates than are wanted. An index that does not
    answer leaves the candidates in their order, marked ``degraded: ['diversity']``.
    """

    def __init__(self, uri: str, fingerprint: str, diversity: float = 0.3, top_k: int = 10) -> None:
        super().__init__()
        if not 0 <= diversity <= 1:
            raise ConfigError(f"diversity is {diversity!r}; give a number from 0 to 1")
        if not 1 <= top_k <= MAX_TOP_K:
            raise ConfigError(f"top_k is {top_k!r}; give 1 to {MAX_TOP_K:,}")
        self._uri, self._fingerprint = uri, fingerprint
        self._diversity, self._top_k = diversity, top_k

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    def __call__(
        self,
        hits: Sequence[Hits],
        requests: Sequence[Mapping[str, Any]] | None = None,
    ) -> list[list[Any]]:
        asked = requests if requests is not None else [{}] * len(hits)
        one_for_each("lists of hits", hits, "requests", asked)
        wishes = [request.get("diversity", self._diversity) for request in asked]
        varied = [row for row, wish in zip(hits, wishes, strict=True) if wish]
        try:
            vectors = item_vectors(self._store, self._fingerprint, varied)
        except StoreUnavailable:
            vectors = None
        chosen = []
        for row, request, wish in zip(hits, asked, wishes, strict=True):
            top_k = request.get("top_k", self._top_k)
            last = set(ids_of(request, "history")) if request.get("seen") == "demote" else set()
            first = _chosen([hit for hit in row if hit[ITEM_ID] not in last], top_k, wish, vectors)
            rest = [hit for hit in row if hit[ITEM_ID] in last][: top_k - len(first)]
            chosen.append([*first, *rest])
        return chosen


def _chosen(
    row: Hits, top_k: int, diversity: float, vectors: Mapping[Id, NDArray[np.float32]] | None
) -> list[Any]:
    if not row or not diversity:
        return list(row[:top_k])
    if vectors is None:
        return degraded(row[:top_k], "diversity")
    scores = np.array([hit[SCORE] for hit in row], np.float64)
    candidates = np.stack([vectors[hit[ITEM_ID]] for hit in row])
    return [row[i] for i in maximal_marginal_relevance(scores, candidates, diversity, top_k)]


def maximal_marginal_relevance(
    scores: NDArray[np.float64], vectors: NDArray[np.float32], diversity: float, top_k: int
) -> list[int]:
    """The rows of the `top_k` candidates chosen, in the order of choice.

    Each time the one with the largest ``(1 - diversity) * relevance - diversity * likeness``, where
    relevance is the score, scaled to 0 to 1 among the candidates, and likeness the largest cosine
    to one chosen before; of equals, the first. Carbonell and Goldstein, "The use of MMR,
    diversity-based reranking", SIGIR 1998.

    Args:
        scores: ``(N,)``.
        vectors: ``(N, size)``, of any length. The time grows with N times `top_k`.
        diversity: 0 leaves the order of the scores, 1 looks at likeness alone.
        top_k: how many to choose; all, if there are fewer.
    """
    low, high = scores.min(), scores.max()
    relevance = (scores - low) / (high - low) if high > low else np.ones_like(scores)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1)
    likeness = np.zeros_like(scores)
    chosen: list[int] = []
    free = np.ones(len(scores), dtype=bool)
    while len(chosen) < min(top_k, len(scores)):
        worth = (1 - diversity) * relevance - diversity * likeness
        best = int(np.argmax(np.where(free, worth, -np.inf)))
        cosines = directions @ directions[best]
        likeness = cosines if not chosen else np.maximum(likeness, cosines)
        chosen.append(best)
        free[best] = False
    return chosen
