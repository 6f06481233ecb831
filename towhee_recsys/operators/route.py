"""Operator ``recsys/route``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.components.routing import Router
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.types import MAX_TOP_K, Hit


@register(name="recsys/route")
class Route(SharedOperator):
    """``ops.recsys.route(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``: give each
    hit its ``route``, and popular items to users without record and history.

    It takes a list of users and their lists of hits. None instead of a list means that the index
    did not answer. It is replaced by popular items of the bundle, marked ``degraded: ['index']``.
    If these are popular among users with the same labels, ``popular_among`` names the labels. The
    score of a popular item is its share of all interactions, or of these users' interactions. See
    `towhee_recsys.components.routing.Router`.
    """

    def __init__(self, bundle: str, uri: str, fingerprint: str, token_env: str = TOKEN_ENV) -> None:
        named = {"bundle": str(bundle), "fingerprint": fingerprint}
        super().__init__(**named, milvus_uri=uri, token_env=token_env)
        self._router = Router(self.resources)
        self._completion = Completion(Defaults.checked(top_k=MAX_TOP_K))

    def __call__(
        self, users: Sequence[Mapping[str, Any]], found: Sequence[list[Hit] | None]
    ) -> list[list[dict[str, Any]]]:
        return self._router.route(self._completion.queries(users, len(users)), found)
