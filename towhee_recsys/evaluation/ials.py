"""Histories → factors of users and items by alternating least squares, through `implicit`."""

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
    """Say what to install, where `implicit` is not there.

    Raises:
        TrainingError: it is not.
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
    """Factorise who met what (Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit
    Feedback Datasets").

    It minimises Σ c(u,i) (p(u,i) − xᵤ·yᵢ)² + λ (Σ‖xᵤ‖² + Σ‖yᵢ‖²), where p is 1 and c is α for what
    was met, and p is 0 and c is 1 for all else. When scores are asked for, the user's factors are
    computed anew from the history that is given, by the same least squares for fixed yᵢ.

    Args:
        histories: what to learn from.
        items: all items, N.
        factors: numbers a vector.
        regularization: λ.
        alpha: α.
        seed: of the first factors.
    """
    als: Any = import_module("implicit.cpu.als")
    threads: Any = import_module("threadpoolctl")
    # implicit has threads of its own; those of BLAS beneath them would only get in their way.
    with threads.threadpool_limits(1, "blas"):
        model = als.AlternatingLeastSquares(
            factors=factors, regularization=regularization, alpha=alpha, random_state=seed
        )
        model.fit(_matrix(histories.items, histories.lengths, items), show_progress=False)

    def score(users: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        met = _matrix(np.concatenate(pasts), np.array([len(past) for past in pasts]), items)
        with threads.threadpool_limits(1, "blas"):
            vectors = model.recalculate_user(users, met)
        return np.asarray(vectors @ model.item_factors.T)

    return score


def _matrix(met: NDArray[np.int32], lengths: NDArray[np.int64], items: int) -> Any:
    ends = np.concatenate(([0], np.cumsum(lengths)))
    ones = np.ones(len(met), np.float32)
    return csr_matrix((ones, met, ends), shape=(len(lengths), items))
