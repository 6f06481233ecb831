"""Parse the URLs of record stores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

from towhee_recsys.errors import ConfigError
from towhee_recsys.text import mask

FORMS = """\
  embedded:///absolute/folder                 a Valkey server that this library starts and shares
  redis://[user:password@]host:6379/0         Redis or Valkey; rediss:// with TLS
  redis+cluster://[user:password@]host:6379   a cluster
  mysql+pymysql://user:password@host:3306/database   MySQL; mariadb+pymysql:// MariaDB"""

Database: TypeAlias = Literal["embedded", "redis", "mysql"]

_DATABASES: dict[str, Database] = {
    "embedded": "embedded",
    "redis": "redis",
    "rediss": "redis",
    "redis+cluster": "redis",
    "mysql+pymysql": "mysql",
    "mariadb+pymysql": "mysql",
}


@dataclass(frozen=True)
class StoreURL:
    """A record store's URL, checked."""

    url: str
    """With its password."""
    database: Database
    folder: Path | None
    """Where an embedded store keeps its data; None for other databases."""

    def __repr__(self) -> str:
        return f"StoreURL({mask(self.url)!r})"


def parse(url: str) -> StoreURL:
    """Check the URL of a record store.

    Raises:
        ConfigError: it has none of the `FORMS`.
    """
    parts = _split(url)
    database = _DATABASES[parts.scheme]
    if database == "embedded":
        return StoreURL(url, database, _folder(url, parts))
    if not parts.hostname:
        raise refused(url, "no host")
    if database == "mysql" and not parts.path.strip("/"):
        raise refused(url, "no database")
    return StoreURL(url, database, None)


def embedded_url(folder: str | os.PathLike[str]) -> str:
    """The URL of the embedded store in `folder`. Characters that mean something in a URL, such as
    ``#``, ``?`` and ``%``, are quoted."""
    return "embedded://" + quote(os.fsencode(os.path.abspath(folder)))


def refused(url: str, reason: str) -> ConfigError:
    """The error that says why `url` is no store's, and what would be."""
    return ConfigError(f"store URL {mask(url)!r}: {reason}. Accepted are:\n{FORMS}")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError as exc:
        raise refused(url, "no valid host and port") from exc
    if parts.scheme not in _DATABASES:
        raise refused(url, "unknown kind of store")
    return parts


def _folder(url: str, parts: SplitResult) -> Path:
    folder = Path(os.fsdecode(unquote_to_bytes(parts.path)))
    if "?" in url or "#" in url:
        raise refused(url, "in a folder's name, write ? as %3F, # as %23 and % as %25")
    if parts.netloc or not folder.is_absolute():
        raise refused(url, "the folder must be absolute: three slashes, then the path")
    if folder == folder.parent:
        raise refused(url, "name a folder of its own")
    return folder
