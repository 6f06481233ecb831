"""Scores → probabilities, by a curve through what came true of such scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator


class Calibration(BaseModel):
    """How often the items of which a model was so sure were the user's next ones.

    One user's scores lie higher than another's, whatever comes next. What can be compared is an
    item's share among all that the user may meet, as the softmax of the scores gives it, which is
    also what the model is trained to raise. It is too sure of itself, as models are, and this curve
    says how much. It goes straight from one point to the next, level beyond the first and the last,
    and never falls, so that a higher score is no less likely.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    log_shares: list[float]
    """Where the points are, in ascending order: scores less `log_totals`."""
    probabilities: list[float]
    """How often that was the next item, as many, from 0 to 1, in ascending order."""

    @model_validator(mode="after")
    def _is_a_curve(self) -> Calibration:
        if not self.log_shares or len(self.log_shares) != len(self.probabilities):
            raise ValueError("a calibration has a probability for each share, and one at least")
        steps = np.diff(self.log_shares), np.diff([0, *self.probabilities, 1])
        if not all((step >= 0).all() for step in steps) or not np.isfinite(self.log_shares).all():
            raise ValueError("a calibration's shares and probabilities ascend, these from 0 to 1")
        return self

    def probability(self, log_shares: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The probabilities of scores less `log_totals`, in their shape."""
        return np.asarray(np.interp(log_shares, self.log_shares, self.probabilities))


def log_totals(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """``(B,)``: the log of the sum of exp(score) over each row.

    Args:
        scores: ``(B, N)``; -inf for items that are left out. A row needs one that is not.
    """
    highest = scores.max(axis=1, keepdims=True)
    sums = np.exp(scores - highest).sum(axis=1, dtype=np.float64)
    return np.asarray(np.log(sums) + highest[:, 0])
