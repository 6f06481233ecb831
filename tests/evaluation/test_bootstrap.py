"""Intervals hold the true value as often as their level says."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys.evaluation import bootstrap
from towhee_recsys.evaluation.bootstrap import intervals


def test_equal_values_have_an_interval_of_length_zero() -> None:
    assert intervals(np.full((30, 1), 0.25)) == [(0.25, 0.25)]
    assert intervals(np.array([[1.0, 3.0]])) == [(1.0, 1.0), (3.0, 3.0)]


def test_interval_equals_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, (4_000, 1))
    [(low, high)] = intervals(values, resamples=4_000)
    error = values.std() / np.sqrt(len(values))
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


def test_interval_has_its_coverage() -> None:
    rng = np.random.default_rng(1)
    for level in (0.8, 0.95):
        inside = 0
        for trial in range(400):
            hit = (rng.random((200, 1)) < 0.3).astype(float)
            [(low, high)] = intervals(hit, level=level, resamples=300, seed=trial)
            inside += low <= 0.3 <= high
        assert inside / 400 == pytest.approx(level, abs=0.05)


def test_paired_difference_has_a_shorter_interval() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=500)
    other = one + rng.normal(0.1, 0.05, 500)
    (a, b), (c, d), (low, high) = intervals(np.stack([one, other, other - one], axis=1))
    assert max(a, c) < min(b, d)  # which would say nothing
    assert 0.09 < low < high < 0.11


def test_seed_decides_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).normal(size=(50, 2))
    found = intervals(values, seed=7)
    assert intervals(values, seed=7) == found
    assert intervals(values, seed=8) != found
    monkeypatch.setattr(bootstrap, "_DRAWN_AT_ONCE", 170)
    in_parts = intervals(values, seed=7)  # three resamples held at once, the last one alone
    assert np.array(in_parts) == pytest.approx(np.array(found), abs=0.05)
