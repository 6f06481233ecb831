"""Compute a trained user tower in NumPy, at the last position only, as serving needs it.

For a single user, Paddle's operators have as much overhead as arithmetic, and take more than twice
as long in total. Everything that does not depend on the user is computed once: the rows of the
Toeplitz matrices, and the scale and shift of each LayerNorm, which are folded into the Linear layer
that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from towhee_recsys.model.backend import paddle
from towhee_recsys.model.layers import Block
from towhee_recsys.model.numpy_layers import (
    Floats,
    NumpyRecords,
    folded,
    normalise,
    product,
    silu,
)
from towhee_recsys.model.towers import UserTower

_ROWS_AT_ONCE = 50


class NumpyTower:
    """A `UserTower` at the last position, with fixed weights."""

    def __init__(self, tower: UserTower, length: int) -> None:
        """`length`: positions of the longest history."""
        self._records = NumpyRecords(tower.features)
        self._scale, self._shift = tower.norm_in.weight.numpy(), tower.norm_in.bias.numpy()
        self._blocks = [_NumpyBlock(block, length) for block in tower.blocks]
        self._scale_out = tower.norm_out.weight.numpy()
        self._shift_out = tower.norm_out.bias.numpy()

    def __call__(
        self, history: Floats, arrays: Mapping[str, NDArray[Any]], last: NDArray[np.int64]
    ) -> Floats:
        """``(B, size)``: the vectors at each row's last position.

        Args:
            history: ``(B, L, size)``, padded on the right, as for `UserTower.forward`.
            arrays: the records' features, B rows each.
            last: ``(B,)`` positions.
        """
        z = normalise(history)
        z *= self._scale
        z += (self._records(arrays, len(history)) + self._shift)[:, None]
        for block in self._blocks[:-1]:
            z = block(z)
        z = self._blocks[-1].last(z, last)
        vectors: Floats = normalise(z) * self._scale_out + self._shift_out
        return vectors


class _NumpyBlock:
    """A `Block`: for all positions, or for the last one, which is enough in the last block."""

    def __init__(self, block: Block, length: int) -> None:
        self._heads = block.mix.heads
        with paddle.no_grad():
            mixing = block.mix.toeplitz(length).numpy()
        # In a Toeplitz matrix every row is the last row, shifted. Rows b to e, up to column e,
        # therefore equal the last e - b rows in their last e columns: we keep the last rows only.
        self._mixing = np.ascontiguousarray(mixing[:, -_ROWS_AT_ONCE:])
        # For single rows we keep the last row with zeros behind it, and view it at each offset.
        last = mixing[:, -1]
        shifted = sliding_window_view(np.hstack([last, np.zeros_like(last)]), length, axis=1)
        self._rows = shifted[:, length - 1 :: -1]
        """``(heads, length, length)``: the whole matrix, as a view of one row and its zeros."""
        self._gate = folded(block.norm_in, block.gate)
        self._value = folded(block.norm_in, block.value)
        (weight, bias), (more_weight, more_bias) = self._gate, self._value
        self._both = np.hstack([weight, more_weight]), np.hstack([bias, more_bias])
        # The gate is between this LayerNorm and the Linear layer, so nothing can be folded.
        self._scale = block.norm_mix.weight.numpy()
        self._shift = block.norm_mix.bias.numpy()
        self._project = block.project.weight.numpy(), block.project.bias.numpy()
        self._expand = folded(block.norm_hidden, block.expand)
        self._contract = block.contract.weight.numpy(), block.contract.bias.numpy()

    def __call__(self, z: Floats) -> Floats:
        length, size = z.shape[1:]
        both = silu(product(normalise(z), self._both))
        value = self._by_head(both[..., size:])
        mixed = np.empty_like(z)
        out = self._by_head(mixed)
        for begin in range(0, length, _ROWS_AT_ONCE):  # later positions have no weight
            end = min(begin + _ROWS_AT_ONCE, length)
            weights = self._mixing[:, begin - end :, -end:]
            np.matmul(weights, value[:, :, :end], out=out[:, :, begin:end])
        return self._rest(z, mixed, both[..., :size])

    def last(self, z: Floats, last: NDArray[np.int64]) -> Floats:
        """The output at the positions `last`: takes ``(B, L, size)``, returns ``(B, size)``."""
        batch, length, size = z.shape
        normed, rows = normalise(z), np.arange(batch)
        value = self._by_head(silu(product(normed, self._value)))
        weights = self._rows[:, last, :length].transpose(1, 0, 2)[:, :, None]
        mixed = np.matmul(weights, value).reshape(batch, size)
        gate = silu(product(normed[rows, last], self._gate))
        return self._rest(z[rows, last], mixed, gate)

    def _rest(self, z: Floats, mixed: Floats, gate: Floats) -> Floats:
        mixed = normalise(mixed)
        mixed *= self._scale
        mixed += self._shift
        mixed *= gate
        z = z + product(mixed, self._project)
        hidden = product(normalise(z), self._expand)
        np.maximum(hidden, 0, out=hidden)
        z += product(hidden, self._contract)
        return z

    def _by_head(self, values: Floats) -> Floats:
        """A view of ``(B, L, size)`` as ``(B, heads, L, size / heads)``."""
        batch, length = values.shape[:2]
        view: Floats = values.reshape(batch, length, self._heads, -1).transpose(0, 2, 1, 3)
        return view
