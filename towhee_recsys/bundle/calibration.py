"""Turn scores into probabilities, by a curve that was fitted to observed interactions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator


class Calibration(BaseModel):
    """A curve from an item's share of the scores to the probability that it is the user's next
    item.

    Scores of different users cannot be compared: all scores of one user may be higher than those of
    another. Shares can. An item's share is its softmax over all items that the user has not seen,
    which is also what training raises. Models are overconfident, and the curve corrects that. It is
    linear between its points, constant beyond the first and the last, and never falls, so an item
    with a higher score is no less likely.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    log_shares: list[float]
    """The points' log shares (scores minus `log_totals`), in ascending order."""
    probabilities: list[float]
    """The points' probabilities, from 0 to 1, in ascending order. One for each log share."""

    @model_validator(mode="after")
    def _is_a_curve(self) -> Calibration:
        if not self.log_shares or len(self.log_shares) != len(self.probabilities):
            raise ValueError(
                "a calibration needs at least one point, and a probability for each log share"
            )
        steps = np.diff(self.log_shares), np.diff([0, *self.probabilities, 1])
        if not all((step >= 0).all() for step in steps) or not np.isfinite(self.log_shares).all():
            raise ValueError(
                "log shares must be finite and ascending, probabilities ascending from 0 to 1"
            )
        return self

    def probability(self, log_shares: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The probabilities of log shares (scores minus `log_totals`), in the same shape."""
        return np.asarray(np.interp(log_shares, self.log_shares, self.probabilities))


def log_totals(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """``(B,)`` float64: the log of the sum of exp(score) over each row.

    Args:
        scores: ``(B, N)``, -inf for items to leave out. Each row needs at least one finite score.
    """
    highest = scores.max(axis=1, keepdims=True)
    sums = np.exp(scores - highest).sum(axis=1, dtype=np.float64)
    return np.asarray(np.log(sums) + highest[:, 0])
