"""Lists of hits → the vectors of their items, or the same hits marked: for steps after a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def degraded(hits: Hits, part: str) -> list[dict[str, Any]]:
    """The hits, each saying that `part` could not do its work."""
    return [{**hit, DEGRADED: [*hit.get(DEGRADED, ()), part]} for hit in hits]
