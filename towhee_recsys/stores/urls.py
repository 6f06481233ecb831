"""A URL becomes the record store it names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from towhee_recsys.errors import ConfigError
from towhee_recsys.stores.base import CONNECTIONS, RecordStore

FORMS = """\
  embedded:///absolute/folder                 a Valkey server that this library starts and shares
  redis://[user:password@]host:6379/0         Redis or Valkey; rediss:// with TLS
  redis+cluster://[user:password@]host:6379   a cluster
  mysql+pymysql://user:password@host:3306/database   MySQL; mariadb+pymysql:// MariaDB"""

REDIS_SCHEMES = {"redis", "rediss", "redis+cluster"}
MYSQL_SCHEMES = {"mysql+pymysql", "mariadb+pymysql"}


def open_record_store(
    url: str, namespace: str = "recsys", timeout: float = 10.0, connections: int = CONNECTIONS
) -> RecordStore:
    """The store at `url`; `FORMS` are accepted.

    Args:
        url: where the store is.
        namespace: what its keys, or the names of its tables, begin with.
        timeout: seconds for connecting, for each answer, and for a connection to become free.
        connections: open at the same time at most, to each node of a cluster; calls from further
            threads wait for one.

    Raises:
        ConfigError: the URL is of no accepted form, or a package it needs is not installed.
        StoreUnavailable: an embedded server does not start, or a cluster does not answer; other
            stores connect when first used.
    """
    parts = _split(url)
    if parts.scheme == "embedded":
        folder = Path(unquote(parts.path))
        if parts.netloc or not folder.is_absolute() or parts.query or parts.fragment:
            raise _refused(url, "the folder must be absolute: three slashes, then the path")
        if folder == folder.parent:
            raise _refused(url, "name a folder of its own")
        from towhee_recsys.stores.records.embedded import EmbeddedStore

        return EmbeddedStore(folder, url, namespace, timeout, connections)
    if not parts.hostname:
        raise _refused(url, "no host")
    if parts.scheme in REDIS_SCHEMES:
        from towhee_recsys.stores.records.redis import RedisStore, connect, translated

        with translated(mask(url)):
            try:
                client = connect(url, timeout, connections)
            except ValueError as exc:
                raise _refused(url, str(exc)) from exc
        return RedisStore(client, mask(url), namespace)
    if not parts.path.strip("/"):
        raise _refused(url, "no database")
    try:
        import pymysql  # noqa: F401

        from towhee_recsys.stores.records.mysql import MySQLStore
    except ImportError as exc:
        raise ConfigError(
            f"{mask(url)} needs SQLAlchemy and PyMySQL: pip install 'towhee_recsys[mysql]'"
        ) from exc
    return MySQLStore(url, mask(url), namespace, timeout, connections)


def mask(url: str) -> str:
    """`url` with its password, or what may be one, replaced by ``***``."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "embedded":
        return url
    login, at, rest = rest.rpartition("@")  # the last one, as a password may hold anything
    user, colon, _ = login.partition(":")
    login = f"{user}:***" if colon else "***" if at else ""
    place, question, query = rest.partition("?")
    settings = [pair.partition("=") for pair in query.split("&")]
    query = "&".join(k + eq + ("***" if "pass" in k.lower() else v) for k, eq, v in settings)
    return f"{scheme}{separator}{login}{at}{place}{question}{query}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError as exc:
        raise _refused(url, "no valid host and port") from exc
    if parts.scheme not in {"embedded", *REDIS_SCHEMES, *MYSQL_SCHEMES}:
        raise _refused(url, "unknown kind of store")
    return parts


def _refused(url: str, reason: str) -> ConfigError:
    return ConfigError(f"store URL {mask(url)!r}: {reason}. Accepted are:\n{FORMS}")


def is_sql(url: str) -> bool:
    """True if the URL names a MySQL or a MariaDB."""
    return url.partition(":")[0] in ("mysql+pymysql", "mariadb+pymysql")
