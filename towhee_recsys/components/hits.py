"""What goes into a search and comes out of it → checked, looked up, or marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.errors import RequestError
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import DEGRADED, ITEM_ID, VECTOR_SIZE, Id

Hits = Sequence[Mapping[str, Any]]


def item_vectors(
    store: VectorStore, fingerprint: str, lists: Sequence[Hits]
) -> dict[Id, NDArray[np.float32]]:
    """Of every item in the lists, its ``(256,)`` vector in the index, asked for once; zeros for an
    item that has left the index meanwhile.

    Raises:
        StoreUnavailable: the index does not answer.
        IndexMismatch: it holds vectors of another model.
    """
    ids = list({hit[ITEM_ID] for hits in lists for hit in hits})
    found = store.get(ids, fingerprint) if ids else []
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
    """Raise RequestError unless there are as many of these as of those."""
    if len(these) != len(those):
        raise RequestError(f"{len(these)} {name} and {len(those)} {other_name}; give one for each")


def degraded(hits: Hits, part: str) -> list[dict[str, Any]]:
    """The hits, each saying that `part` could not do its work."""
    return [{**hit, DEGRADED: [*hit.get(DEGRADED, ()), part]} for hit in hits]
