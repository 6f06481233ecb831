"""Training ends after its steps or seconds; the learning rate rises and falls."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys.training.schedule import Schedule, learning_rate


def test_fraction_by_steps() -> None:
    schedule = Schedule(steps=4)
    assert [schedule.fraction(step, seconds=1e6) for step in (0, 1, 4, 5)] == [0, 0.25, 1, 1]


def test_fraction_by_seconds() -> None:
    schedule = Schedule(seconds=20.0)
    assert [schedule.fraction(10**6, seconds) for seconds in (0, 5, 20, 21)] == [0, 0.25, 1, 1]


def test_rate_rises_for_a_tenth_and_falls_to_a_fiftieth() -> None:
    at = [learning_rate(2.0, fraction) for fraction in np.linspace(0, 1, 101)]
    assert at[0] == pytest.approx(0.04)  # the first step moves, too
    assert at[5] == pytest.approx(1.0)
    assert at[10] == pytest.approx(2.0)
    assert at[55] == pytest.approx(1.02)
    assert at[100] == pytest.approx(0.04)
    assert at[:11] == sorted(at[:11])
    assert at[10:] == sorted(at[10:], reverse=True)
