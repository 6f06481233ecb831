"""Operator ``recsys/rerank_mmr``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.diversity import Diversity
from towhee_recsys.components.hits import Hits
from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.types import TOP_K


@register(name="recsys/rerank_mmr")
class RerankMMR(SharedOperator):
    """``ops.recsys.rerank_mmr(uri='./milvus.db', fingerprint='1a2b3c4d', diversity=0.3)``: choose
    the first `top_k` of each list of candidates by maximal marginal relevance.

    There should be several times more candidates than `top_k`. A second input, a list of requests,
    gives each list its own ``top_k`` and ``diversity``. See
    `towhee_recsys.components.diversity.Diversity`.
    """

    def __init__(
        self,
        uri: str,
        fingerprint: str,
        diversity: float = 0.3,
        top_k: int = TOP_K,
        token_env: str = TOKEN_ENV,
    ) -> None:
        super().__init__(milvus_uri=uri, fingerprint=fingerprint, token_env=token_env)
        self._rerank = Diversity(self.resources)
        self._completion = Completion(Defaults.checked(diversity=diversity, top_k=top_k))

    def __call__(
        self, hits: Sequence[Hits], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> list[list[Any]]:
        return self._rerank.rerank(hits, self._completion.queries(requests, len(hits)))
