"""Dropout zeroes its share, keeps the mean, and repeats with the same generator."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys.model.backend import paddle
from towhee_recsys.training.dropout import MaskPool


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_zeroes_a_share_and_scales_the_rest(rate: float) -> None:
    pool = MaskPool(rate, 60_000, np.random.default_rng(0))
    mask = pool.dropout(np.random.default_rng(1))
    ones = paddle.ones([3, 200, 100])
    first, second = mask(ones).numpy(), mask(ones).numpy()
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / (1 - rate))}
    assert (first == 0).mean() == pytest.approx(rate, abs=0.01)
    assert first.mean() == pytest.approx(1.0, abs=0.02)
    assert not np.array_equal(first, second)
    again = pool.dropout(np.random.default_rng(1))
    np.testing.assert_array_equal(again(ones).numpy(), first)


def test_gradient_has_the_same_mask() -> None:
    mask = MaskPool(0.3, 1_000, np.random.default_rng(0)).dropout(np.random.default_rng(1))
    values = paddle.ones([10, 100])
    values.stop_gradient = False
    masked = mask(values)
    masked.sum().backward()
    np.testing.assert_array_equal(values.grad.numpy(), masked.numpy())
