"""Find the nearest neighbours of each item by who interacted with them (item-kNN).

Items are compared by the cosine of their columns in the matrix of users by items, with shrinkage:

    s(i, j) = n(i, j) / (√(n(i) · n(j)) + h)

where n(i) is the number of users of item i, n(i, j) that of users of both, and h ≥ 0 lowers the
similarity of items with few users. Each item keeps its k most similar ones (Deshpande and Karypis,
"Item-Based Top-N Recommendation Algorithms", TOIS 2004; the shrunk cosine as in Ferrari Dacrema,
Cremonesi and Jannach, "Are We Really Making Much Progress?", RecSys 2019, section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from towhee_recsys.datasets import Histories
from towhee_recsys.evaluation.matrices import decayed_items, seen_items
from towhee_recsys.evaluation.ranking import Score

_PAIRS_AT_ONCE = 2**22
"""Pairs of items held in memory at once."""


def item_neighbours(
    histories: Histories,
    items: int,
    k: int,
    shrinkages: Sequence[float],
    rows: NDArray[np.int64] | None = None,
) -> list[csr_array]:
    """Compute the similarities of each item's k most similar items.

    Memory is bounded by N · k for each shrinkage, and a block of items at a time.

    Args:
        histories: the histories to learn from.
        items: how many items there are, N.
        k: neighbours of an item, at most. Equally similar ones are ordered by item row.
        shrinkages: values of h.
        rows: the items whose neighbours to find; by default all.

    Returns:
        For each shrinkage ``(len(rows), N)`` float32. A row holds an item's neighbours, best first.
    """
    rows = np.arange(items) if rows is None else rows
    seen, counts = seen_items(histories, items), histories.item_counts(items)
    by_item = seen.T.tocsr()
    pairs = np.minimum(pair_counts(histories, items), items)[rows]
    blocks = [
        _nearest(by_item[rows[block]] @ seen, rows[block], counts, k, shrinkages)
        for block in _blocks(pairs)
    ]
    return [vstack(parts, format="csr") for parts in zip(*blocks, strict=True)]


def pair_counts(histories: Histories, items: int) -> NDArray[np.int64]:
    """``(N,)``: the sum of the history lengths of each item's users. It is the number of operations
    to find an item's neighbours."""
    lengths = np.repeat(histories.lengths, histories.lengths)
    return np.bincount(histories.items, lengths, minlength=items).astype(np.int64)


def first_neighbours(similar: csr_array, k: int) -> csr_array:
    """The first k neighbours of each item."""
    starts = similar.indptr[:-1]
    place = np.arange(similar.nnz) - np.repeat(starts, np.diff(similar.indptr))
    kept = place < k
    ends = np.concatenate(([0], np.cumsum(np.minimum(np.diff(similar.indptr), k))))
    return csr_array((similar.data[kept], similar.indices[kept], ends), shape=similar.shape)


def knn_score(similar: csr_array, decay: float = 1.0) -> Score:
    """Score item j by Σ decay^age(h) · s(h, j) over the items h of the history that have j among
    their neighbours. Ages are those of `decayed_items`."""

    def score(_: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        scores = decayed_items(pasts, similar.shape[0], decay) @ similar
        return np.asarray(scores.toarray(), np.float32)

    return score


def _blocks(pairs: NDArray[np.int64]) -> Iterator[slice]:
    """Ranges of items with at most `_PAIRS_AT_ONCE` pairs, or of one item."""
    total = np.concatenate(([0], np.cumsum(pairs)))
    begin = 0
    while begin < len(pairs):
        fits = np.searchsorted(total, total[begin] + _PAIRS_AT_ONCE, side="right") - 1
        end = max(begin + 1, int(fits))
        yield slice(begin, end)
        begin = end


def _nearest(
    common: csr_array,
    rows: NDArray[np.int64],
    counts: NDArray[np.int64],
    k: int,
    shrinkages: Sequence[float],
) -> list[csr_array]:
    """The neighbours of the items `rows`, for each shrinkage.

    Args:
        common: ``(len(rows), N)``: how many users interacted with both items.
        rows: the items.
        counts: ``(N,)`` users of each item.
        k: neighbours of an item, at most.
        shrinkages: values of h.
    """
    values: list[list[NDArray[np.float32]]] = [[] for _ in shrinkages]
    columns: list[list[NDArray[np.int64]]] = [[] for _ in shrinkages]
    for i, row in enumerate(rows):
        part = slice(common.indptr[i], common.indptr[i + 1])
        others, users = common.indices[part], common.data[part]
        others, users = others[others != row], users[others != row]
        lengths = np.sqrt(counts[row] * counts[others])
        for shrinkage, kept, items in zip(shrinkages, values, columns, strict=True):
            similar = (users / (lengths + shrinkage)).astype(np.float32)
            best = _best(similar, others, k)
            kept.append(similar[best])
            items.append(others[best])
    return [
        csr_array(
            (
                np.concatenate(kept),
                np.concatenate(items),
                np.concatenate(([0], np.cumsum([len(one) for one in items]))),
            ),
            shape=common.shape,
        )
        for kept, items in zip(values, columns, strict=True)
    ]


def _best(similar: NDArray[np.float32], others: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The places of the k highest, best first, equal ones by item row."""
    left = np.arange(len(similar))
    if len(similar) > k:
        left = np.flatnonzero(similar >= np.partition(similar, -k)[-k])
    return left[np.lexsort((others[left], -similar[left]))][:k]
