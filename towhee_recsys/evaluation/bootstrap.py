"""One value a user → how far their mean may be off, had other users been asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]

_DRAWN_AT_ONCE = 2**22
"""Users drawn and held in memory together."""


def intervals(
    values: NDArray[np.float64],
    *,
    level: float = 0.95,
    resamples: int = 1_000,
    seed: int = 0,
) -> list[Interval]:
    """Percentile bootstrap intervals of column means (Efron 1979).

    U users are drawn with replacement, `resamples` times, and the means taken; the interval lies
    between the quantiles of these. A draw takes whole rows: for a difference between two models
    make it a column, which is then compared in pairs.

    Args:
        values: ``(U, M)``, a row a user, a column a figure.
        level: the share of resamples within the interval.
        resamples: how often to draw.
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
