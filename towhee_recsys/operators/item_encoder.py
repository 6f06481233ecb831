"""Operator ``recsys/item_encoder``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.types import Item


@register(name="recsys/item_encoder")
class ItemEncoder(SharedOperator):
    """``ops.recsys.item_encoder(bundle='bundle/')``: encode a list of records as ``(B, 256)``
    float32. See `towhee_recsys.ItemEncoder`."""

    def __init__(self, bundle: str, fingerprint: str | None = None) -> None:
        super().__init__(bundle=str(bundle), fingerprint=fingerprint)

    def __call__(self, items: Sequence[Item]) -> NDArray[np.float32]:
        return self.resources.item_encoder.encode(items)
