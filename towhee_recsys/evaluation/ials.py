"""Factorise the interactions by alternating least squares, with the package `implicit`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from towhee_recsys.datasets import Histories
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.ranking import Score


def check_installed() -> None:
    """Check that `implicit` is installed.

    Raises:
        TrainingError: it is not; the message says how to install it.
    """
    if find_spec("implicit") is None:
        raise TrainingError(
            "the baseline 'ials' needs the package implicit; pip install towhee_recsys[bench], or "
            "leave 'ials' out"
        )


def ials_score(
    histories: Histories,
    items: int,
    *,
    factors: int,
    regularization: float,
    alpha: float,
    seed: int = 0,
) -> Score:
    """Fit iALS (Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit Feedback
    Datasets").

    It minimises Σ c(u,i) (p(u,i) − xᵤ·yᵢ)² + λ (Σ‖xᵤ‖² + Σ‖yᵢ‖²), where p is 1 and c is α for an
    interaction, and p is 0 and c is 1 otherwise. To score, a user's factors are computed from the
    given history, by the same least squares with yᵢ fixed.

    Args:
        histories: the histories to learn from.
        items: how many items there are, N.
        factors: numbers in a vector.
        regularization: λ.
        alpha: α.
        seed: of the initial factors.
    """
    als: Any = import_module("implicit.cpu.als")
    threads: Any = import_module("threadpoolctl")
    # implicit has its own threads; BLAS threads below them would only compete.
    with threads.threadpool_limits(1, "blas"):
        model = als.AlternatingLeastSquares(
            factors=factors, regularization=regularization, alpha=alpha, random_state=seed
        )
        model.fit(_matrix(histories.items, histories.lengths, items), show_progress=False)

    def score(users: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        seen = _matrix(np.concatenate(pasts), np.array([len(past) for past in pasts]), items)
        with threads.threadpool_limits(1, "blas"):
            vectors = model.recalculate_user(users, seen)
        return np.asarray(vectors @ model.item_factors.T)

    return score


def _matrix(seen: NDArray[np.int32], lengths: NDArray[np.int64], items: int) -> Any:
    ends = np.concatenate(([0], np.cumsum(lengths)))
    ones = np.ones(len(seen), np.float32)
    return csr_matrix((ones, seen, ends), shape=(len(lengths), items))
