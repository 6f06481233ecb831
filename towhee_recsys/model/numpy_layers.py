"""Compute trained layers in NumPy, with fixed weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.model.backend import nn
from towhee_recsys.model.layers import FeatureEmbedding
from towhee_recsys.model.row_sums import sum_matrix

Floats: TypeAlias = NDArray[np.float32]

_EPSILON = 1e-5
"""Paddle's default in LayerNorm."""


class NumpyRecords:
    """A `FeatureEmbedding` with fixed weights."""

    def __init__(self, features: FeatureEmbedding) -> None:
        self._features = {
            name: (layer.weight.numpy(), features.roles[name] == "text")
            for name, layer in features.columns.items()
        }
        self._size = features.size

    def __call__(self, arrays: Mapping[str, NDArray[Any]], rows: int) -> Floats:
        """``(rows, size)``, as `FeatureEmbedding.forward`."""
        total = np.zeros((rows, self._size), np.float32)
        for name, (weight, mean) in self._features.items():
            array = arrays[name]
            if array.dtype == np.float32:
                total += array @ weight
            elif array.ndim == 1:
                total += weight[array]
            else:
                total += sum_matrix(array, len(weight), mean) @ weight
        return total


def folded(norm: nn.LayerNorm, linear: nn.Linear) -> tuple[Floats, Floats]:
    """Weight and bias of a Linear layer that include the LayerNorm before it."""
    weight, bias = linear.weight.numpy(), linear.bias.numpy()
    return norm.weight.numpy()[:, None] * weight, norm.bias.numpy() @ weight + bias


def product(values: Floats, layer: tuple[Floats, Floats]) -> Floats:
    """A Linear layer, given as its weight and bias."""
    weight, bias = layer
    flat: Floats = values.reshape(-1, values.shape[-1]) @ weight
    flat += bias
    return flat.reshape(*values.shape[:-1], len(bias))


def normalise(values: Floats) -> Floats:
    """LayerNorm without scale and shift (Ba, Kiros and Hinton 2016)."""
    size = values.shape[-1]
    rows = values.reshape(-1, size)
    centred: Floats = rows - (rows @ np.full(size, 1 / size, np.float32))[:, None]
    variance = np.einsum("ij,ij->i", centred, centred) / np.float32(size)
    centred *= (np.float32(1) / np.sqrt(variance + np.float32(_EPSILON)))[:, None]
    return centred.reshape(values.shape)


def silu(values: Floats) -> Floats:
    """x / (1 + e^−x), in place (Elfwing, Uchibe and Doya 2018)."""
    decay = np.negative(values)
    with np.errstate(
        over="ignore"
    ):  # e^89 overflows to infinity; the quotient is then 0, which is right
        np.exp(decay, out=decay)
    decay += 1
    values /= decay
    return values
