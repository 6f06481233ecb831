"""Compute how much of training is done, and the learning rate at that point."""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 0.1
FLOOR = 0.02


@dataclass(frozen=True)
class Schedule:
    """Training ends after a number of steps or of seconds; exactly one is given."""

    steps: int | None = None
    seconds: float | None = None

    def fraction(self, step: int, seconds: float) -> float:
        """The share of training that is done, 1 at the end."""
        if self.seconds is not None:
            return min(1.0, seconds / self.seconds)
        assert self.steps is not None
        return min(1.0, step / self.steps)


def learning_rate(peak: float, fraction: float) -> float:
    """Linear to `peak` over the first tenth, then along a cosine down to 2% of it
    (Loshchilov and Hutter 2017)."""
    if fraction < WARM_UP:
        # At the first step the fraction is 0, and the rate must not be.
        return peak * max(fraction / WARM_UP, FLOOR)
    falling = (fraction - WARM_UP) / (1 - WARM_UP)
    return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * falling)))
