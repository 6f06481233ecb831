"""Operator ``recsys/milvus_search``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.components.search import Search
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.types import TOP_K, Hit


@register(name="recsys/milvus_search")
class MilvusSearch(SharedOperator):
    """``ops.recsys.milvus_search(uri='./milvus.db', fingerprint='1a2b3c4d', top_k=10)``: find the
    items with the largest inner products; return lists of ``{'item_id', 'score'}``, best first.

    It takes ``(B, 256)`` vectors, and refuses an index with another fingerprint. A second input, a
    list of B requests, gives each vector its own ``top_k`` (or ``candidates``, if a later step
    chooses among them), ``filter``, ``history``, ``seen`` and ``exclude``. With ``degrade=True`` an
    unreachable index gives None instead of each list, unless a request has a filter. See
    `towhee_recsys.components.search.Search`.
    """

    def __init__(
        self,
        uri: str,
        fingerprint: str,
        top_k: int = TOP_K,
        degrade: bool = False,
        token_env: str = TOKEN_ENV,
    ) -> None:
        super().__init__(milvus_uri=uri, fingerprint=fingerprint, token_env=token_env)
        self._search = Search(self.resources, degrade)
        self._completion = Completion(Defaults.checked(top_k=top_k))

    def __call__(
        self, vectors: NDArray[np.float32], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> Sequence[list[Hit] | None]:
        return self._search.nearest(vectors, self._completion.queries(requests, len(vectors)))
