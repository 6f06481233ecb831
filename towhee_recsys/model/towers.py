"""Define the two towers. The inner product of a user's and an item's vector is the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from towhee_recsys.features.columns import TableFeatures
from towhee_recsys.features.vocabulary import FIRST
from towhee_recsys.model.backend import nn, paddle
from towhee_recsys.model.config import ModelConfig
from towhee_recsys.model.layers import Block, Dropout, FeatureEmbedding
from towhee_recsys.model.set_tower import SetTower


class ItemTower(nn.Layer):
    """Computes items' vectors, ``(N, size)`` float32: an embedding of the id plus the features'.

    Codes follow `towhee_recsys.features.vocabulary`. An item that was not in training is
    `UNKNOWN`, and its vector comes from its features alone. With `sparse`, the gradient of the ids
    holds only the rows that a step used.
    """

    def __init__(
        self, items: int, features: TableFeatures, size: int, sparse: bool = False
    ) -> None:
        super().__init__()
        self.ids = nn.Embedding(
            FIRST + items,
            size,
            sparse=sparse,
            weight_attr=paddle.ParamAttr(initializer=nn.initializer.Normal(std=0.05)),
        )
        # Features start at zero, so that the initial vectors are those of the ids.
        self.features = FeatureEmbedding(features.features, size, std=0.0)
        with paddle.no_grad():
            self.ids.weight[:FIRST] = 0.0

    def forward(self, codes: paddle.Tensor, arrays: Mapping[str, NDArray[Any]]) -> paddle.Tensor:
        return self.ids(codes) + self.features(arrays, codes.shape[0])


class UserTower(nn.Layer):
    """Computes users' vectors from the vectors of their items and the features of their records.

    Position t of ``(B, L, size)`` is the user after t items, so training uses all positions at
    once. Serving needs only the last position; see `NumpyTower`.
    """

    def __init__(self, features: TableFeatures, config: ModelConfig) -> None:
        super().__init__()
        size = config.member_size
        self.start = self.create_parameter(
            [1, size], default_initializer=nn.initializer.Normal(std=0.05)
        )
        self.features = FeatureEmbedding(features.features, size, std=0.02)
        self.norm_in = nn.LayerNorm(size)
        self.blocks = nn.LayerList(
            [
                Block(size, config.heads, config.hidden_size, config.max_history + 1)
                for _ in range(config.blocks)
            ]
        )
        self.norm_out = nn.LayerNorm(size)

    def forward(
        self,
        history: paddle.Tensor,
        arrays: Mapping[str, NDArray[Any]],
        dropout: Dropout = lambda branch: branch,
    ) -> paddle.Tensor:
        """Each position's vector, ``(B, L, size)``.

        Args:
            history: ``(B, L, size)``, padded on the right; item vectors, or `start` before the
                first item.
            arrays: the records' features, B rows each.
            dropout: applied to the residual branches in training.
        """
        record = self.features(arrays, history.shape[0])
        z = self.norm_in(history) + record.unsqueeze(1)
        for block in self.blocks:
            z = block(z, dropout)
        return self.norm_out(z)


class TwoTowers(nn.Layer):
    """Both towers of one member. An item's row is its code minus `FIRST`.

    The user tower is a `UserTower`, or a `SetTower` if histories have no order.
    """

    def __init__(
        self,
        items: int,
        users: TableFeatures,
        item_features: TableFeatures,
        config: ModelConfig,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        self.config = config
        self.item = ItemTower(items, item_features, config.member_size, sparse)
        self.user = UserTower(users, config) if config.ordered else SetTower(users, config)

    def table(self, vectors: paddle.Tensor) -> paddle.Tensor:
        """The ``(N, size)`` item vectors with the start vector behind them, ``(N + 1, size)``.

        Histories from `pad_histories` are rows of this table.
        """
        return paddle.concat([vectors, self.user.start])
