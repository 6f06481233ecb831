"""Users → vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.operators import shared

if TYPE_CHECKING:
    from towhee_recsys.encoders import UserEncoder as Encoder


@register(name="recsys/user_encoder")
class UserEncoder(shared.SharedOperator):
    """``ops.recsys.user_encoder(bundle='bundle/')``: a list of users → ``(B, 256)`` float32.

    A user is a dict with the keys ``user`` (a record) and ``history`` (item ids, oldest first),
    both, one or neither. Reads no store.
    """

    def __init__(self, bundle: str, fingerprint: str | None = None) -> None:
        super().__init__()
        self._bundle, self._fingerprint = str(bundle), fingerprint

    @cached_property
    def _encoder(self) -> Encoder:
        return shared.user_encoder(self._bundle, self._fingerprint)

    def __call__(self, users: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        return self._encoder.encode(users)
