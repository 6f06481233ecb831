"""Operator ``recsys/user_lookup``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.users import Users
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.base import CONNECTIONS


@register(name="recsys/user_lookup")
class UserLookup(SharedOperator):
    """``ops.recsys.user_lookup(url='redis://…')``: fill in the ``user`` and the ``history`` of
    requests from the store.

    An unknown user gets an empty record and an empty history. If the store is unreachable, every
    looked-up user does, and ``degraded`` contains ``users``. With a `bundle`, item ids of another
    type than the model's are dropped from stored histories. See
    `towhee_recsys.components.users.Users`.
    """

    def __init__(
        self,
        url: str,
        connections: int = CONNECTIONS,
        bundle: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        folder = None if bundle is None else str(bundle)
        named = {"bundle": folder, "fingerprint": fingerprint}
        super().__init__(store_url=url, connections=connections, **named)
        self._users = Users(self.resources, check_ids=bundle is not None)

    def __call__(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return self._users.look_up(requests)
