"""Update the weights by AdamW, and sparse item ids by lazy Adam."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.model import TwoTowers
from towhee_recsys.model.backend import nn, paddle
from towhee_recsys.training.config import TrainingConfig


class Optimizer:
    """AdamW (Loshchilov and Hutter 2019) with decay on matrices only and clipped gradients.

    With sparse ids, the gradient of the item ids holds only the rows that the step used. Lazy Adam
    updates these; all other rows and their moments stay as they are. Paddle's AdamW does not
    support such gradients, so the ids then have no decay and are clipped by themselves.
    """

    def __init__(self, model: TwoTowers, config: TrainingConfig) -> None:
        matrices = {p.name for p in model.parameters() if len(p.shape) > 1}
        ids = model.item.ids.weight
        sparse = model.item.ids._sparse
        settings = {"learning_rate": config.learning_rate, "beta1": 0.9, "beta2": 0.98}
        self._parts = [
            paddle.optimizer.AdamW(
                parameters=[p for p in model.parameters() if not (sparse and p is ids)],
                weight_decay=config.weight_decay,
                apply_decay_param_fun=matrices.__contains__,
                grad_clip=nn.ClipGradByGlobalNorm(config.gradient_norm),
                **settings,
            )
        ]
        if sparse:
            self._parts.append(
                paddle.optimizer.Adam(
                    parameters=[ids],
                    lazy_mode=True,
                    grad_clip=nn.ClipGradByGlobalNorm(config.gradient_norm),
                    **settings,
                )
            )

    def step(self, rate: float) -> None:
        """Update the weights at this learning rate, and clear the gradients."""
        # The first step names the optimizer's tensors. A resumed process must use the same names.
        with paddle.utils.unique_name.guard():
            for part in self._parts:
                part.set_lr(rate)
                part.step()
                part.clear_grad()

    def state(self) -> dict[str, NDArray[np.float32]]:
        """All moments, by name."""
        return {
            name: value.numpy()
            for part in self._parts
            for name, value in part.state_dict().items()
            if isinstance(value, paddle.Tensor)
        }

    def load(self, state: Mapping[str, NDArray[np.float32]]) -> None:
        """Restore the moments that `state` returned."""
        tensors = {name: paddle.to_tensor(array) for name, array in state.items()}
        for part in self._parts:
            part.set_state_dict(tensors)
