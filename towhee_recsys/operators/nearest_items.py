"""Operator ``recsys/nearest_items``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.components.similar import SimilarItems
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.types import TOP_K


@register(name="recsys/nearest_items")
class NearestItems(SharedOperator):
    """``ops.recsys.nearest_items(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``:
    find the items nearest to items; return lists of hits with the route ``similar``.

    It takes a list of `towhee_recsys.types.SimilarRequest`. An item's vector comes from the index,
    or from the record ``item`` of the request. See `towhee_recsys.components.similar.SimilarItems`.
    """

    def __init__(
        self,
        bundle: str,
        uri: str,
        fingerprint: str,
        top_k: int = TOP_K,
        token_env: str = TOKEN_ENV,
    ) -> None:
        named = {"bundle": str(bundle), "fingerprint": fingerprint}
        super().__init__(**named, milvus_uri=uri, token_env=token_env)
        self._similar = SimilarItems(self.resources)
        self._completion = Completion(Defaults.checked(top_k=top_k))

    def __call__(self, requests: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
        return self._similar.nearest(self._completion.queries(requests, len(requests)))
