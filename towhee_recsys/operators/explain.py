"""Operator ``recsys/explain``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.hits import Hits
from towhee_recsys.components.reasons import Reasons
from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV


@register(name="recsys/explain")
class Explain(SharedOperator):
    """``ops.recsys.explain(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``: add
    reasons to hits, as ``because``.

    It takes B lists of hits and their B users. Each hit gets at most `reasons` reasons, or as many
    as the user's ``explain`` says. See `towhee_recsys.components.reasons.Reasons`.
    """

    def __init__(
        self,
        bundle: str,
        uri: str,
        fingerprint: str,
        reasons: int = 3,
        token_env: str = TOKEN_ENV,
    ) -> None:
        named = {"bundle": str(bundle), "fingerprint": fingerprint}
        super().__init__(**named, milvus_uri=uri, token_env=token_env)
        self._reasons = Reasons(self.resources)
        self._completion = Completion(Defaults.checked(explain=reasons))

    def __call__(
        self, hits: Sequence[Hits], users: Sequence[Mapping[str, Any]]
    ) -> list[list[dict[str, Any]]]:
        return self._reasons.explain(hits, self._completion.queries(users, len(hits)))
