"""Fit EASE, a linear model of which items occur together, in closed form (Steck 2019)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from towhee_recsys.datasets import Histories
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.matrices import decayed_items, seen_items
from towhee_recsys.evaluation.ranking import Score

MAX_ITEMS = 20_000
"""The largest catalogue. Its ``(N, N)`` float32 matrix takes 1.6 GB, and four are in use."""
_BLOCK = 1_024


def check_size(items: int) -> None:
    """Refuse a catalogue that does not fit in memory.

    Raises:
        TrainingError: there are more than `MAX_ITEMS` items.
    """
    if items > MAX_ITEMS:
        raise TrainingError(
            f"EASE inverts a matrix of items by items, which for {items:,} items takes "
            f"{4 * items**2 / 1e9:,.0f} GB; it is offered up to {MAX_ITEMS:,}. Leave 'ease' and "
            "'decayed-ease' out; 'item-knn' and 'ials' have no such limit"
        )


def gram_matrix(histories: Histories, items: int) -> NDArray[np.float32]:
    """``(N, N)``: how many users interacted with both items; on the diagonal, with the item."""
    seen = seen_items(histories, items)
    return np.asarray((seen.T @ seen).todense())


def ease_weights(gram: NDArray[np.float32], l2: float) -> NDArray[np.float32]:
    """Compute B, ``(N, N)``, whose column j predicts item j from all others.

    It minimises ‖X − XB‖² + λ‖B‖² with a diagonal of zeros: with P = (XᵀX + λI)⁻¹,
    B = I − P · diag(1 / diag P) (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse
    Data", eq. 8).

    Args:
        gram: XᵀX.
        l2: λ, above 0.
    """
    # Fortran order lets LAPACK work in place. The matrix is symmetric and positive, so Cholesky
    # does half the work of a general inverse.
    weights = np.array(gram, np.float32, order="F")
    np.fill_diagonal(weights, gram.diagonal() + np.float32(l2))
    factor, failed = lapack.spotrf(weights, lower=True, overwrite_a=True)
    weights, failed_too = lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed or failed_too:
        raise TrainingError(f"EASE cannot invert its matrix with l2={l2}; give a larger one")
    for begin in range(0, len(weights), _BLOCK):  # LAPACK fills the lower half only
        end = begin + _BLOCK
        corner = np.tril(weights[begin:end, begin:end])
        weights[begin:end, begin:end] = corner + np.tril(corner, -1).T
        weights[begin:end, end:] = weights[end:, begin:end].T
    weights = weights.T  # symmetric, so this only changes the order to the one that products read
    weights /= -weights.diagonal()
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float32)


def ease_score(weights: NDArray[np.float32], decay: float = 1.0) -> Score:
    """Score item j by Σ decay^age(h) · B[h, j] over the items h of the history.

    Ages are those of `decayed_items`. A decay of 1 is EASE. A smaller one gives recent items more
    weight, which often predicts the next item better.
    """

    def score(_: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        return np.asarray(decayed_items(pasts, len(weights), decay) @ weights)

    return score
