"""Estimate confidence intervals of means over users, by the bootstrap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
"""Low and high end."""

_DRAWN_AT_ONCE = 2**22
"""Draws held in memory at once."""


def intervals(
    values: NDArray[np.float64],
    *,
    level: float = 0.95,
    resamples: int = 1_000,
    seed: int = 0,
) -> list[Interval]:
    """Percentile bootstrap intervals of column means (Efron 1979).

    U users are drawn with replacement, `resamples` times. The interval lies between the quantiles
    of the means. A draw takes whole rows, so a column of differences between two models is a
    paired comparison.

    Args:
        values: ``(U, M)``, a row for each user, a column for each metric.
        level: the share of resamples within the interval.
        resamples: how often U users are drawn.
        seed: the same seed draws the same users.

    Returns:
        M pairs (low, high).
    """
    rng = np.random.default_rng(seed)
    users = len(values)
    means = np.empty((resamples, values.shape[1]))
    together = max(1, _DRAWN_AT_ONCE // users)
    for begin in range(0, resamples, together):
        part = means[begin : begin + together]
        part[:] = values[rng.integers(users, size=(len(part), users))].mean(axis=1)
    outside = (1 - level) / 2
    low, high = np.quantile(means, [outside, 1 - outside], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
