"""Open the stores that URLs and URIs name."""

from __future__ import annotations

import os

from towhee_recsys.errors import ConfigError
from towhee_recsys.stores.base import CONNECTIONS, RecordStore, VectorStore
from towhee_recsys.stores.urls import parse, refused
from towhee_recsys.text import mask

TOKEN_ENV = "TOWHEE_RECSYS_MILVUS_TOKEN"
"""The environment variable that holds Milvus' token, unless another one is named."""


def open_record_store(
    url: str, namespace: str = "recsys", timeout: float = 10.0, connections: int = CONNECTIONS
) -> RecordStore:
    """Open the record store at `url`. `towhee_recsys.stores.urls.FORMS` lists the accepted forms.

    Args:
        url: where the store is.
        namespace: what its keys, or the names of its tables, begin with.
        timeout: seconds for connecting, for each answer, and for a connection to become free.
        connections: the most that are open at the same time, to each node of a cluster. Calls
            from further threads wait for one.

    Raises:
        ConfigError: the URL has no accepted form, or a package that it needs is not installed.
        StoreUnavailable: an embedded server does not start, or a cluster does not answer. Other
            stores connect when they are first used.
    """
    parsed = parse(url)
    if parsed.folder is not None:
        from towhee_recsys.stores.records.embedded import EmbeddedStore

        return EmbeddedStore(parsed.folder, url, namespace, timeout, connections)
    if parsed.database == "redis":
        from towhee_recsys.stores.records.redis import RedisStore, connect, translated

        with translated(mask(url)):
            try:
                client = connect(url, timeout, connections)
            except ValueError as exc:
                raise refused(url, str(exc)) from exc
        return RedisStore(client, mask(url), namespace)
    try:
        from towhee_recsys.stores.records.mysql import MySQLStore
    except ImportError as exc:
        raise ConfigError(
            f"{mask(url)} needs SQLAlchemy and PyMySQL: pip install 'towhee_recsys[mysql]'"
        ) from exc
    return MySQLStore(url, mask(url), namespace, timeout, connections)


def open_vector_store(uri: str, token_env: str = TOKEN_ENV) -> VectorStore:
    """Open the vector store at `uri`. It connects when it is first used.

    Args:
        uri: a file whose name ends in ``.db`` for Milvus Lite, taken literally, or
            ``http(s)://host:19530``.
        token_env: the environment variable that holds the token, ``user:password`` or an API key.
            It is read now; without it there is no token.

    Raises:
        ConfigError: the URI has no accepted form.
    """
    from towhee_recsys.stores.vectors.milvus import MilvusStore

    return MilvusStore(uri, token=os.environ.get(token_env))
