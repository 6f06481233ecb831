"""Histories → EASE: a linear model of which items are met together, in closed form (Steck 2019)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_array

from towhee_recsys.datasets import Histories
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.ranking import Score

MAX_ITEMS = 20_000
"""The largest catalogue: its ``(N, N)`` float32 matrix takes 1.6 GB, and four are in use."""
_BLOCK = 1_024


def check_size(items: int) -> None:
    """Refuse what does not fit in memory.

    Raises:
        TrainingError: there are more than `MAX_ITEMS` items.
    """
    if items > MAX_ITEMS:
        raise TrainingError(
            f"EASE inverts a matrix of items by items, which for {items:,} items takes "
            f"{4 * items**2 / 1e9:,.0f} GB; it is offered up to {MAX_ITEMS:,}. Leave 'ease' and "
            "'decayed-ease' out; 'ials' has no such limit"
        )


def gram_matrix(histories: Histories, items: int) -> NDArray[np.float32]:
    """``(N, N)``: how many users met both items; on the diagonal, either."""
    met = csr_array(
        (np.ones(len(histories.items), np.float32), histories.items, histories.offsets),
        shape=(len(histories.lengths), items),
    )
    return np.asarray((met.T @ met).todense())


def ease_weights(gram: NDArray[np.float32], l2: float) -> NDArray[np.float32]:
    """B, ``(N, N)``, of which column j predicts item j from all others.

    It minimises ‖X − XB‖² + λ‖B‖² with a diagonal of zeros: with P = (XᵀX + λI)⁻¹,
    B = I − P · diag(1 / diag P) (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse
    Data", eq. 8).

    Args:
        gram: XᵀX.
        l2: λ, above 0.
    """
    # In the order of LAPACK, which then works in place. Cholesky, as the matrix is symmetric and
    # positive: half the work of a general inverse.
    weights = np.array(gram, np.float32, order="F")
    np.fill_diagonal(weights, gram.diagonal() + np.float32(l2))
    factor, failed = lapack.spotrf(weights, lower=True, overwrite_a=True)
    weights, failed_too = lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed or failed_too:
        raise TrainingError(f"EASE cannot invert its matrix with l2={l2}; give a larger one")
    for begin in range(0, len(weights), _BLOCK):  # LAPACK leaves the other half as it was
        end = begin + _BLOCK
        corner = np.tril(weights[begin:end, begin:end])
        weights[begin:end, begin:end] = corner + np.tril(corner, -1).T
        weights[begin:end, end:] = weights[end:, begin:end].T
    weights = weights.T  # the same, in the order in which products read it
    weights /= -weights.diagonal()
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float32)


def ease_score(weights: NDArray[np.float32], decay: float = 1.0) -> Score:
    """A user's score of item j: Σ decay^age(h) · B[h, j] over the items h of the history.

    The age of the latest item is 0, that of the one before it 1, and so on. With a decay of 1 this
    is EASE; below, the weights of the same model are read for what was met last, which tells the
    next item better.
    """

    def score(_: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        lengths = np.array([len(past) for past in pasts])
        ages = np.concatenate([np.arange(n)[::-1] for n in lengths])
        met = csr_array(
            (
                np.power(decay, ages).astype(np.float32),
                np.concatenate(pasts),
                np.concatenate(([0], np.cumsum(lengths))),
            ),
            shape=(len(pasts), len(weights)),
        )
        return np.asarray(met @ weights)

    return score
