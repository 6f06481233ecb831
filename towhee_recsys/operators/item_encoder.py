"""Items → vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.operators import shared
from towhee_recsys.types import Item

if TYPE_CHECKING:
    from towhee_recsys.encoders import ItemEncoder as Encoder


@register(name="recsys/item_encoder")
class ItemEncoder(shared.SharedOperator):
    """``ops.recsys.item_encoder(bundle='bundle/')``: a list of records → ``(B, 256)`` float32."""

    def __init__(self, bundle: str, fingerprint: str | None = None) -> None:
        super().__init__()
        self._bundle, self._fingerprint = str(bundle), fingerprint

    @cached_property
    def _encoder(self) -> Encoder:
        return shared.item_encoder(self._bundle, self._fingerprint)

    def __call__(self, items: Sequence[Item]) -> NDArray[np.float32]:
        return self._encoder.encode(items)
