"""Learn how likely a recommended item is to be the next one, and compare predicted with observed.

The curve is isotonic: of all curves that never fall, it is the one nearest to the observations. It
is found by pooling adjacent violators (Ayer et al., "An empirical distribution function for
sampling with incomplete information", 1955; for scores: Zadrozny and Elkan, "Transforming
classifier scores into accurate multiclass probability estimates", KDD 2002). The only assumption is
that an item with a larger share of the scores is no less likely.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from towhee_recsys.bundle.calibration import Calibration
from towhee_recsys.evaluation.ranking import Answers

LENGTH = 100
"""Items of each user's list to learn from."""
USERS = 2_000
"""Users to learn from, at most."""
SCORES = 2**28
"""Scores to choose these from, at most: with more than 130,000 items, fewer users are used."""
TOGETHER = 100
"""Answers with similar shares are pooled in groups of this size, so that no point of the curve
rests on a few lucky ones."""
POINTS = 100
"""Points of a curve, at most."""


def calibrate(answers: Answers, targets: NDArray[np.int32]) -> Calibration | None:
    """Learn how often an item with a given share of the scores was the next one.

    Args:
        answers: U users' lists, with scores.
        targets: ``(U,)`` each user's next item.

    Returns:
        The curve; None if nothing was listed.
    """
    shares, hit = _pairs(answers, targets, LENGTH)
    if not len(shares):
        return None
    order = np.lexsort((-hit, shares))  # hits first, so that equal shares are pooled
    begins = np.arange(max(1, len(shares) // TOGETHER)) * TOGETHER
    sizes = np.diff([*begins, len(shares)]).astype(np.float64)
    means = np.stack([np.add.reduceat(part[order], begins) / sizes for part in (shares, hit)])
    fitted = isotonic_regression(means[1], weights=sizes)
    blocks = fitted.blocks[:-1]  # where each level of the curve begins; its point is in the middle
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
    """Compare predicted with observed probabilities, over the first items of each list.

    Args:
        calibration: learnt from other answers.
        answers: U users' lists.
        targets: ``(U,)`` each user's next item.
        length: how many items of each list to take.

    Returns:
        ``predicted``, the mean probability; ``observed``, the share of items that were the next
        one; ``error``, the expected calibration error, which is the mean distance of the two over
        five bins of equal size by probability (Naeini et al. 2015). All are 0 if nothing was
        listed.
    """
    shares, hit = _pairs(answers, targets, length)
    probabilities = calibration.probability(shares)
    order = np.argsort(probabilities, kind="stable")
    gaps = [
        abs(float((probabilities[part] - hit[part]).sum())) for part in np.array_split(order, 5)
    ]
    sums = {"predicted": probabilities.sum(), "observed": hit.sum(), "error": sum(gaps)}
    return {name: float(total) / max(1, len(shares)) for name, total in sums.items()}


def _pairs(
    answers: Answers, targets: NDArray[np.int32], length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The log share of each listed item, and 1 if it was the user's next item, else 0."""
    listed = answers.lists[:, :length] >= 0
    hit = answers.lists[:, :length] == targets[:, None]
    shares = answers.scores[:, :length] - answers.log_totals[:, None]
    return shares[listed], hit[listed].astype(np.float64)
