"""Check, look up and mark lists of hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import RequestError
from towhee_recsys.types import DEGRADED, ITEM_ID, ROUTE, SCORE, VECTOR_SIZE, Id, Query

Hits: TypeAlias = Sequence[Mapping[str, Any]]
"""Found items, best first: at least ``item_id`` and ``score`` of each."""


def item_vectors(resources: Resources, lists: Sequence[Hits]) -> dict[Id, NDArray[np.float32]]:
    """The indexed ``(256,)`` vector of every item in the lists, each looked up once. An item that
    has left the index meanwhile gets zeros.

    Raises:
        StoreUnavailable: the index does not answer.
        IndexMismatch: it holds vectors of another model.
    """
    ids = list({hit[ITEM_ID] for hits in lists for hit in hits})
    found = resources.index.get(ids, resources.fingerprint) if ids else []
    nowhere = np.zeros(VECTOR_SIZE, np.float32)
    return {
        one: nowhere if vector is None else vector for one, vector in zip(ids, found, strict=True)
    }


def as_vectors(given: Any) -> NDArray[np.float32]:
    """``(B, 256)`` float32, of an array or of a list of vectors.

    Raises:
        RequestError: it has another shape, or holds NaN or an infinity.
    """
    vectors = np.asarray(given, np.float32)
    if not vectors.size:
        return np.empty((0, VECTOR_SIZE), np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != VECTOR_SIZE:
        raise RequestError(
            f"vectors of shape {vectors.shape}; give (B, {VECTOR_SIZE}), one row for each"
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise RequestError(
            f"vector {int(np.argmin(finite))} holds numbers that are not finite; is it the mean of "
            "nothing?"
        )
    return vectors


def one_for_each(name: str, these: Sized, other_name: str, those: Sized) -> None:
    """
    Raises:
        RequestError: there are not as many of these as of those.
    """
    if len(these) != len(those):
        raise RequestError(f"{len(these)} {name} and {len(those)} {other_name}; give one for each")


def degraded(hits: Hits, part: str) -> list[dict[str, Any]]:
    """The hits, each marked with the part that did not answer."""
    return [{**hit, DEGRADED: [*hit.get(DEGRADED, ()), part]} for hit in hits]


def by_model(hits: Hits) -> list[Mapping[str, Any]]:
    """The hits that the model scored. The score of a popular item is a share, not its own."""
    return [hit for hit in hits if hit.get(ROUTE) != "popular"]


def above_threshold(lists: Sequence[Hits], queries: Sequence[Query]) -> list[list[Any]]:
    """Each list without the hits that score below its query's ``min_score``; None lets all pass.
    Popular items stay."""
    one_for_each("lists of hits", lists, "requests", queries)
    return [
        list(hits)
        if (low := query["min_score"]) is None
        else [hit for hit in hits if hit.get(ROUTE) == "popular" or hit[SCORE] >= low]
        for hits, query in zip(lists, queries, strict=True)
    ]
