"""Define the two towers and their losses, in Paddle.

- `config`: the shape of the towers
- `towers`: the item tower and the user tower, which compute vectors
- `layers`: embedded features; blocks that mix a history over time
- `row_sums`: sums of embeddings by padded codes
- `losses`: softmax over the catalogue or over a sample
- `set_tower`: the user tower for histories without an order
- `inference`: vectors of trained towers, without gradients; `numpy_tower`, `numpy_set_tower`: the
  user towers in NumPy; `numpy_layers`: what they consist of
- `backend`: the one place that imports Paddle; `blas`: NumPy's products in many threads

Names are imported when first used, so that a model's config can be read without Paddle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from towhee_recsys.model.config import ModelConfig

if TYPE_CHECKING:
    from towhee_recsys.model.losses import sampled_softmax_loss, softmax_loss
    from towhee_recsys.model.towers import ItemTower, TwoTowers, UserTower

__all__ = [
    "ItemTower",
    "ModelConfig",
    "TwoTowers",
    "UserTower",
    "sampled_softmax_loss",
    "softmax_loss",
]


def __getattr__(name: str) -> Any:
    if name in ("sampled_softmax_loss", "softmax_loss"):
        from towhee_recsys.model import losses

        return getattr(losses, name)
    if name in ("ItemTower", "TwoTowers", "UserTower"):
        from towhee_recsys.model import towers

        return getattr(towers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
