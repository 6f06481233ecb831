"""Operator ``recsys/user_encoder``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.operators.base import SharedOperator


@register(name="recsys/user_encoder")
class UserEncoder(SharedOperator):
    """``ops.recsys.user_encoder(bundle='bundle/')``: encode a list of users as ``(B, 256)``
    float32.

    A user is a dict with the keys ``user`` (a record) and ``history`` (item ids, oldest first).
    Both are optional. The operator does not look up users. See `towhee_recsys.UserEncoder`.
    """

    def __init__(self, bundle: str, fingerprint: str | None = None) -> None:
        super().__init__(bundle=str(bundle), fingerprint=fingerprint)

    def __call__(self, users: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        return self.resources.user_encoder.encode(users)
