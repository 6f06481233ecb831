"""What users were answered and what they met next → how likely what was answered is, and how true
that is.

The curve is isotonic: of all that do not fall, the one nearest to what was observed, found by
pooling adjacent violators (Ayer et al., "An empirical distribution function for sampling with
incomplete information", 1955; for scores: Zadrozny and Elkan, "Transforming classifier scores into
accurate multiclass probability estimates", KDD 2002). It assumes that what the model is surer of is
no less likely, and nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from towhee_recsys.bundle.calibration import Calibration
from towhee_recsys.evaluation.ranking import Answers

LENGTH = 100
"""Items of each user's list that are learnt from."""
USERS = 2_000
"""Users who are learnt from at most."""
SCORES = 2**28
"""Scores that these are chosen from at most: of more than 130,000 items, fewer users."""
TOGETHER = 100
"""Answers of like shares that are counted as one, so that no point rests on a few that had luck."""
POINTS = 100
"""Points of a curve at most."""


def calibrate(answers: Answers, targets: NDArray[np.int32]) -> Calibration | None:
    """Learn how often what the model was so sure of came true; None where nothing was answered.

    Args:
        answers: to U users, each a list of items with their scores.
        targets: ``(U,)`` the item that each met next.
    """
    shares, met = _pairs(answers, targets, LENGTH)
    if not len(shares):
        return None
    order = np.lexsort((-met, shares))  # equal shares cannot be told apart: hits first, so pooled
    begins = np.arange(max(1, len(shares) // TOGETHER)) * TOGETHER
    sizes = np.diff([*begins, len(shares)]).astype(np.float64)
    means = np.stack([np.add.reduceat(part[order], begins) / sizes for part in (shares, met)])
    fitted = isotonic_regression(means[1], weights=sizes)
    blocks = fitted.blocks[:-1]  # where each level of the curve begins: a point in its middle
    middles = np.add.reduceat(means[0] * sizes, blocks) / fitted.weights
    middles = np.maximum.accumulate(middles)  # equal ones may differ by rounding
    some = np.unique(np.linspace(0, len(blocks) - 1, POINTS).round().astype(int))
    return Calibration(
        log_shares=middles[some].tolist(),
        probabilities=np.clip(fitted.x[blocks[some]], 0, 1).tolist(),
    )


def calibration_figures(
    calibration: Calibration, answers: Answers, targets: NDArray[np.int32], length: int = 10
) -> dict[str, float]:
    """How near the probabilities come to what happened, over the first items of each list.

    Args:
        calibration: learnt from other answers.
        answers: to U users.
        targets: ``(U,)`` the item that each met next.
        length: how many items of each list.

    Returns:
        ``predicted``, the mean probability; ``observed``, the share of the items that was the next
        one; ``error``, the expected calibration error: the mean distance of the two within fifths
        of the items by probability (Naeini et al. 2015, with bins of equal size). 0 where nothing
        was listed.
    """
    shares, met = _pairs(answers, targets, length)
    probabilities = calibration.probability(shares)
    order = np.argsort(probabilities, kind="stable")
    gaps = [
        abs(float((probabilities[part] - met[part]).sum())) for part in np.array_split(order, 5)
    ]
    sums = {"predicted": probabilities.sum(), "observed": met.sum(), "error": sum(gaps)}
    return {name: float(total) / max(1, len(shares)) for name, total in sums.items()}


def _pairs(
    answers: Answers, targets: NDArray[np.int32], length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The log of the share of each item that was listed, and 1 where it was met next, else 0."""
    listed = answers.lists[:, :length] >= 0
    met = answers.lists[:, :length] == targets[:, None]
    shares = answers.scores[:, :length] - answers.log_totals[:, None]
    return shares[listed], met[listed].astype(np.float64)
