"""Helpers for lists of hits: check, look up, filter and mark them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import RequestError
from towhee_recsys.types import DEGRADED, ITEM_ID, ROUTE, SCORE, VECTOR_SIZE, Id, Query

Hits: TypeAlias = Sequence[Mapping[str, Any]]
"""A list of hits, best first. Each has at least ``item_id`` and ``score``."""


def item_vectors(resources: Resources, lists: Sequence[Hits]) -> dict[Id, NDArray[np.float32]]:
    """The ``(256,)`` float32 vector of each item in the lists, from the index. An item that has
    left the index since the search gets zeros.

    Raises:
        StoreUnavailable: the index does not answer.
        IndexMismatch: the index holds vectors of another model.
    """
    ids = list({hit[ITEM_ID] for hits in lists for hit in hits})
    vectors = resources.index.get(ids, resources.fingerprint) if ids else []
    zeros = np.zeros(VECTOR_SIZE, np.float32)
    return {
        one: zeros if vector is None else vector for one, vector in zip(ids, vectors, strict=True)
    }


def as_vectors(given: Any) -> NDArray[np.float32]:
    """An array or a list of vectors as ``(B, 256)`` float32.

    Raises:
        RequestError: the shape is another one, or there is NaN or infinity.
    """
    vectors = np.asarray(given, np.float32)
    if not vectors.size:
        return np.empty((0, VECTOR_SIZE), np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != VECTOR_SIZE:
        raise RequestError(
            f"vectors has the shape {vectors.shape}; give (B, {VECTOR_SIZE}), one row for each"
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise RequestError(
            f"vector {int(np.argmin(finite))} has NaN or infinity; the mean of no vectors gives NaN"
        )
    return vectors


def one_for_each(name: str, values: Sized, other_name: str, others: Sized) -> None:
    """Check that two inputs have the same length.

    Raises:
        RequestError: their lengths differ.
    """
    if len(values) != len(others):
        raise RequestError(
            f"{len(values)} {name} and {len(others)} {other_name}; give one for each"
        )


def degraded(hits: Hits, part: str) -> list[dict[str, Any]]:
    """The hits, each marked with the `part` that did not answer."""
    return [{**hit, DEGRADED: [*hit.get(DEGRADED, ()), part]} for hit in hits]


def by_model(hits: Hits) -> list[Mapping[str, Any]]:
    """The hits whose score is the model's. The score of a popular item is a share."""
    return [hit for hit in hits if hit.get(ROUTE) != "popular"]


def above_threshold(lists: Sequence[Hits], queries: Sequence[Query]) -> list[list[Any]]:
    """Each list without the hits whose score is below the ``min_score`` of its query. None keeps
    all hits. Popular items always stay.

    Raises:
        RequestError: there are not as many queries as lists.
    """
    one_for_each("lists of hits", lists, "requests", queries)
    return [
        list(hits)
        if (low := query["min_score"]) is None
        else [hit for hit in hits if hit.get(ROUTE) == "popular" or hit[SCORE] >= low]
        for hits, query in zip(lists, queries, strict=True)
    ]
