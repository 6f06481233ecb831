"""Choose good candidates that differ from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.components.hits import Hits, degraded, item_vectors, one_for_each
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import ITEM_ID, SCORE, Id, Query


class Diversity:
    """Reranks candidates by maximal marginal relevance."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def rerank(self, candidates: Sequence[Hits], queries: Sequence[Query]) -> list[list[Any]]:
        """The first ``top_k`` of each list.

        Hits keep their scores. ``diversity`` 0 keeps the order. Demoted items stay last. If the
        index is unreachable, the order stays, and the hits are marked ``degraded: ['diversity']``.
        """
        one_for_each("lists of hits", candidates, "requests", queries)
        varied = [hits for hits, q in zip(candidates, queries, strict=True) if q["diversity"]]
        try:
            vectors = item_vectors(self._resources, varied)
        except StoreUnavailable:
            vectors = None
        return [_reranked(*pair, vectors) for pair in zip(candidates, queries, strict=True)]


def _reranked(
    hits: Hits, query: Query, vectors: Mapping[Id, NDArray[np.float32]] | None
) -> list[Any]:
    demoted = set(query["history"] or ()) if query["seen"] == "demote" else set()
    unseen = [hit for hit in hits if hit[ITEM_ID] not in demoted]
    first = _chosen(unseen, query["top_k"], query["diversity"], vectors)
    seen = [hit for hit in hits if hit[ITEM_ID] in demoted]
    return [*first, *seen[: query["top_k"] - len(first)]]


def _chosen(
    hits: Hits, top_k: int, diversity: float, vectors: Mapping[Id, NDArray[np.float32]] | None
) -> list[Any]:
    if not hits or not diversity:
        return list(hits[:top_k])
    if vectors is None:
        return degraded(hits[:top_k], "diversity")
    scores = np.array([hit[SCORE] for hit in hits], np.float64)
    candidates = np.stack([vectors[hit[ITEM_ID]] for hit in hits])
    return [hits[i] for i in maximal_marginal_relevance(scores, candidates, diversity, top_k)]


def maximal_marginal_relevance(
    scores: NDArray[np.float64], vectors: NDArray[np.float32], diversity: float, top_k: int
) -> list[int]:
    """The rows of the `top_k` chosen candidates, in the order in which they are chosen.

    Each step chooses the candidate with the largest
    ``(1 - diversity) * relevance - diversity * similarity``. Relevance is the score, scaled to the
    range 0 to 1 over the candidates. Similarity is the largest cosine with a candidate chosen
    before. Of equal candidates the first is chosen. Carbonell and Goldstein, "The use of MMR,
    diversity-based reranking", SIGIR 1998.

    Args:
        scores: ``(N,)``.
        vectors: ``(N, size)``, not necessarily normalised. The time grows with N times `top_k`.
        diversity: 0 keeps the order of the scores, 1 looks at similarity alone.
        top_k: how many to choose. All are chosen if there are fewer.
    """
    low, high = scores.min(), scores.max()
    relevance = (scores - low) / (high - low) if high > low else np.ones_like(scores)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1)
    similarity = np.zeros_like(scores)
    chosen: list[int] = []
    free = np.ones(len(scores), dtype=bool)
    while len(chosen) < min(top_k, len(scores)):
        worth = (1 - diversity) * relevance - diversity * similarity
        best = int(np.argmax(np.where(free, worth, -np.inf)))
        cosines = directions @ directions[best]
        similarity = cosines if not chosen else np.maximum(similarity, cosines)
        chosen.append(best)
        free[best] = False
    return chosen
