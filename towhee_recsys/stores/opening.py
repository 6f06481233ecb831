"""Open the store that a URL or a URI names."""

from __future__ import annotations

import os

from towhee_recsys.stores.base import VectorStore
from towhee_recsys.stores.urls import open_record_store

TOKEN_ENV = "TOWHEE_RECSYS_MILVUS_TOKEN"

__all__ = ["TOKEN_ENV", "open_record_store", "open_vector_store"]


def open_vector_store(uri: str, token_env: str = TOKEN_ENV) -> VectorStore:
    from towhee_recsys.stores.vectors.milvus import MilvusStore

    return MilvusStore(uri, token=os.environ.get(token_env))
