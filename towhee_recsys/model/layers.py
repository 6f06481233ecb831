"""Define the parts of the towers: embedded features, and blocks that mix a history over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.features.columns import Feature, NumberFeature
from towhee_recsys.features.vocabulary import FIRST
from towhee_recsys.model.backend import functional, nn, paddle
from towhee_recsys.model.row_sums import row_sums

Dropout: TypeAlias = "Callable[[paddle.Tensor], paddle.Tensor]"
"""Applied to a residual branch in training; see `towhee_recsys.training.dropout`."""


class FeatureEmbedding(nn.Layer):
    """The sum of the embeddings of a table's features, ``(N, size)`` float32.

    A label adds its vector, a list of labels the sum of their vectors, a text the mean of its
    words' vectors, and a number a multiple of a vector.
    """

    def __init__(self, features: Mapping[str, Feature], size: int, std: float) -> None:
        super().__init__()
        self.size = size
        self.roles = {name: feature.role for name, feature in features.items()}
        start = nn.initializer.Normal(std=std) if std else nn.initializer.Constant(0.0)
        attr = paddle.ParamAttr(initializer=start)
        self.columns = nn.LayerDict(
            {
                name: nn.Linear(2, size, weight_attr=attr, bias_attr=False)
                if isinstance(feature, NumberFeature)
                else nn.Embedding(feature.vocabulary.size, size, weight_attr=attr)
                for name, feature in features.items()
            }
        )
        with paddle.no_grad():  # codes that do not occur in training must not add noise
            for layer in self.columns.values():
                if isinstance(layer, nn.Embedding):
                    layer.weight[:FIRST] = 0.0

    def forward(self, arrays: Mapping[str, NDArray[Any]], rows: int) -> paddle.Tensor:
        total = paddle.zeros([rows, self.size])
        for name, layer in self.columns.items():
            array = arrays[name]
            if array.ndim == 1 or array.dtype == np.float32:
                total = total + layer(paddle.to_tensor(array))
            else:
                total = total + row_sums(layer.weight, array, mean=self.roles[name] == "text")
        return total


class CausalMixing(nn.Layer):
    """Replaces each position by a weighted sum of itself and earlier ones, with a kernel a head.

    y_h(t) = Σ_{s≤t} exp(b_h[t−s]) v_h(s), for ``(B, L, size)`` values. The kernels b start as
    normalised exponentials with half-lives of 0.5 · 2^h items: log(1−a) + τ·log a with
    a = 0.5^(1/half-life). A weight depends on the distance alone, so each head is one product with
    a Toeplitz matrix. This is a learned form of LRURec's linear recurrent units (Yue et al. 2024).
    """

    def __init__(self, size: int, heads: int, length: int) -> None:
        super().__init__()
        self.heads = heads
        self.length = length
        decay = 0.5 ** (1.0 / (0.5 * 2.0 ** np.arange(heads)))[:, None]
        kernel = np.log1p(-decay) + np.arange(length)[None, :] * np.log(decay)
        self.kernel = self.create_parameter(
            [heads, length],
            default_initializer=nn.initializer.Assign(np.maximum(kernel, -30).astype("float32")),
        )

    def forward(self, values: paddle.Tensor) -> paddle.Tensor:
        """Takes and returns ``(B, L, size)``."""
        batch, length, size = values.shape
        split = values.reshape([batch, length, self.heads, size // self.heads])
        weights = self.toeplitz(length).unsqueeze(0)
        mixed = paddle.matmul(weights, split.transpose([0, 2, 1, 3]))
        return mixed.transpose([0, 2, 1, 3]).reshape([batch, length, size])

    def toeplitz(self, length: int) -> paddle.Tensor:
        """``(heads, length, length)``: exp(b) at each pair's distance, 0 above the diagonal."""
        lag = np.arange(length)[:, None] - np.arange(length)[None, :]
        past = paddle.to_tensor((lag >= 0).astype("float32").reshape(-1))
        index = paddle.to_tensor(np.clip(lag, 0, self.length - 1).reshape(-1))
        # Look up rows, not columns: Paddle's gradient of columns takes ten times as long.
        weights = functional.embedding(index, paddle.exp(self.kernel).t()).t() * past
        return weights.reshape([self.heads, length, length])


class Block(nn.Layer):
    """One block of the user tower. It takes and returns ``(B, L, size)``.

    (u, v) = silu(Linear(LayerNorm(z))); z ← z + Linear(LayerNorm(mix(v)) ⊙ u);
    z ← z + Linear(relu(Linear(LayerNorm(z)))). The gate u is HSTU's (Zhai et al. 2024), with a
    learned kernel over time in place of attention.
    """

    def __init__(self, size: int, heads: int, hidden_size: int, length: int) -> None:
        super().__init__()
        self.norm_in = nn.LayerNorm(size)
        self.gate = linear(size, size)
        self.value = linear(size, size)
        self.mix = CausalMixing(size, heads, length)
        self.norm_mix = nn.LayerNorm(size)
        self.project = linear(size, size)
        self.norm_hidden = nn.LayerNorm(size)
        self.expand = linear(size, hidden_size)
        self.contract = linear(hidden_size, size)

    def forward(self, z: paddle.Tensor, dropout: Dropout = lambda branch: branch) -> paddle.Tensor:
        """`dropout` is applied to both residual branches."""
        normed = self.norm_in(z)
        mixed = self.mix(functional.silu(self.value(normed)))
        gate = functional.silu(self.gate(normed))
        z = z + dropout(self.project(self.norm_mix(mixed) * gate))
        return z + dropout(self.contract(functional.relu(self.expand(self.norm_hidden(z)))))


def linear(size_in: int, size_out: int) -> nn.Linear:
    """A Linear layer whose weights start uniform in ±1/√size_in."""
    bound = 1.0 / math.sqrt(size_in)
    attr = paddle.ParamAttr(initializer=nn.initializer.Uniform(-bound, bound))
    return nn.Linear(size_in, size_out, weight_attr=attr, bias_attr=attr)
