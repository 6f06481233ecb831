"""Scores → probabilities, by a curve through what was seen of such scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator


class Calibration(BaseModel):
    """What a model's score is worth: of items recommended with such a score, the share that was
    the user's next one.

    Learnt from users with a history, and from items that they had not met. The curve goes straight
    from one point to the next, level beyond the first and the last, and nowhere falls.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    scores: list[float]
    """Where the points are, in ascending order."""
    probabilities: list[float]
    """What they are worth, as many, from 0 to 1, in ascending order."""

    @model_validator(mode="after")
    def _is_a_curve(self) -> Calibration:
        if not self.scores or len(self.scores) != len(self.probabilities):
            raise ValueError("a calibration has a probability for each score, and one at least")
        if (np.diff(self.scores) < 0).any() or (np.diff([0, *self.probabilities, 1]) < 0).any():
            raise ValueError("a calibration's scores and probabilities ascend, these from 0 to 1")
        return self

    def probability(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """The probabilities of scores, in their shape."""
        return np.asarray(np.interp(scores, self.scores, self.probabilities))
