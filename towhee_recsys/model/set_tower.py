"""Define the user tower for histories without an order.

The items of a history are pooled, so their order has no part in the vector. In training, each item
of a history is predicted from the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.features.columns import TableFeatures
from towhee_recsys.model.backend import functional, nn, paddle
from towhee_recsys.model.config import ModelConfig
from towhee_recsys.model.layers import Dropout, FeatureEmbedding, linear

MAX_LOGIT = 4.0
"""Attention's logits stay within plus and minus this, so that the sum without one item can be had
as the sum minus that item's part."""
EPSILON = 1e-6
"""Added to the sum of weights, which is 0 for an empty history."""


class SetTower(nn.Layer):
    """Computes users' vectors from the sets of their items and the features of their records.

    z = start + record + Linear(LayerNorm(pool)), where head h of the pool is the mean of
    silu(Linear(LayerNorm(x))) over the history's items x, weighted by exp(a_h(x)): attention with
    learned queries that are the same for all users, as in Set Transformer's pooling (Lee et al.
    2019). Then z ← z + Linear(relu(Linear(LayerNorm(z)))) in every layer, and a last LayerNorm.
    """

    def __init__(self, features: TableFeatures, config: ModelConfig) -> None:
        super().__init__()
        size = config.member_size
        self.heads = config.heads
        self.start = self.create_parameter(
            [1, size], default_initializer=nn.initializer.Normal(std=0.05)
        )
        self.features = FeatureEmbedding(features.features, size, std=0.02)
        self.norm_in = nn.LayerNorm(size)
        self.attend = linear(size, config.heads)
        self.value = linear(size, size)
        self.norm_pool = nn.LayerNorm(size)
        self.project = linear(size, size)
        self.layers = nn.LayerList(
            [_FeedForward(size, config.hidden_size) for _ in range(config.blocks)]
        )
        self.norm_out = nn.LayerNorm(size)

    def forward(
        self,
        items: paddle.Tensor,
        arrays: Mapping[str, NDArray[Any]],
        context: NDArray[np.float32],
        dropout: Dropout = lambda branch: branch,
    ) -> paddle.Tensor:
        """For each position the vector of the user without the item there, ``(B, L, size)``.

        Args:
            items: ``(B, L, size)`` item vectors, padded anywhere.
            arrays: the records' features, B rows each.
            context: ``(B, L)``: 1 where an item may be read, 0 for padding and for items that are
                to be predicted only.
            dropout: applied to the residual branches in training.
        """
        batch, length, size = items.shape
        normed = self.norm_in(items)
        weights = _bounded(self.attend(normed)) * paddle.to_tensor(context).unsqueeze(-1)
        values = functional.silu(self.value(normed))
        parts = weights.unsqueeze(-1) * values.reshape([batch, length, self.heads, -1])
        others = parts.sum(axis=1, keepdim=True) - parts
        total = weights.sum(axis=1, keepdim=True) - weights
        pool = (others / (total.unsqueeze(-1) + EPSILON)).reshape([batch, length, size])
        z = (self.start + self.features(arrays, batch)).unsqueeze(1)
        z = z + dropout(self.project(self.norm_pool(pool)))
        for layer in self.layers:
            z = z + dropout(layer(z))
        return self.norm_out(z)


class _FeedForward(nn.Layer):
    """Linear(relu(Linear(LayerNorm(z))))."""

    def __init__(self, size: int, hidden_size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.expand = linear(size, hidden_size)
        self.contract = linear(hidden_size, size)

    def forward(self, z: paddle.Tensor) -> paddle.Tensor:
        return self.contract(functional.relu(self.expand(self.norm(z))))


def _bounded(logits: paddle.Tensor) -> paddle.Tensor:
    """exp of the logits, which a tanh keeps within plus and minus `MAX_LOGIT`."""
    return paddle.exp(MAX_LOGIT * paddle.tanh(logits / MAX_LOGIT))
