"""Make dropout fast on a CPU, with slices of masks that are drawn once."""

from __future__ import annotations

import numpy as np

from towhee_recsys.model.backend import paddle
from towhee_recsys.model.layers import Dropout

_OFFSETS = 2**20
"""Places at which a slice may begin."""


class MaskPool:
    """Dropout (Srivastava et al. 2014) from a pool of masks.

    A mask is 0 with probability `rate`, else 1 / (1 − rate). Each use takes a slice that begins at
    a random place. Drawing a new number for each value would take as long as a matrix product.
    """

    def __init__(self, rate: float, largest: int, rng: np.random.Generator) -> None:
        """`largest`: the size of the largest tensor to mask."""
        kept = rng.random(largest + _OFFSETS, dtype=np.float32) >= rate
        self._pool = paddle.to_tensor(kept.astype(np.float32) / np.float32(1 - rate))

    def dropout(self, rng: np.random.Generator) -> Dropout:
        """A function that masks a tensor of any shape, at places drawn from `rng`."""

        def mask(branch: paddle.Tensor) -> paddle.Tensor:
            begin = int(rng.integers(_OFFSETS))
            return branch * self._pool[begin : begin + branch.size].reshape(branch.shape)

        return mask
