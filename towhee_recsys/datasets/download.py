"""Download a MovieLens archive into the cache: once, checked, and resumed after a failure."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock

from towhee_recsys.errors import DownloadError

MOVIELENS = ("ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small")
"""The names that `download` knows."""
BASE_URL = "https://files.grouplens.org/datasets/movielens"

_CHECKSUMS = {"ml-1m": "c4d9eecfca2ab87c1945afe126590906"}
"""Known MD5 sums, which never change. Others are downloaded with the archive."""
_CONNECT_S = 4.0
_SILENCE_S = 8.0
"""The connection counts as lost after so many seconds without a byte."""
_BLOCK = 1 << 16


def cache_folder() -> Path:
    """The folder of downloads: ``$TOWHEE_RECSYS_CACHE``, else ``~/.cache/towhee_recsys``."""
    return Path(os.environ.get("TOWHEE_RECSYS_CACHE") or "~/.cache/towhee_recsys").expanduser()


def download(
    name: str,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    base_url: str = BASE_URL,
    time_limit: float = 3600.0,
) -> Path:
    """Return the zip of a MovieLens data set. It is downloaded into `cache` if it is not there.

    Args:
        name: one of `MOVIELENS`.
        cache: a folder; by default `cache_folder`.
        progress: called with the bytes so far and in total (None: unknown).
        base_url: the location of ``NAME.zip`` and its checksum ``NAME.zip.md5``.
        time_limit: seconds for the whole download. What was fetched by then is kept for later.

    Raises:
        DownloadError: says which host failed and why, and what to do instead.
    """
    folder = cache or cache_folder()
    target = folder / f"{name}.zip"
    url = f"{base_url.rstrip('/')}/{name}.zip"
    deadline = time.monotonic() + time_limit
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{name}.lock"), requests.Session() as session:
            if target.is_file():
                return target
            part = target.with_suffix(".zip.part")
            expected = _CHECKSUMS.get(name) or _published_checksum(session, url + ".md5")
            _fetch(session, url, part, progress, deadline)
            if expected and _md5(part) != expected:
                part.unlink()
                raise _error(url, target, f"its checksum is not the published one, {expected}")
            part.replace(target)
    except requests.RequestException as exc:
        raise _error(url, target, _reason(exc)) from exc
    except OSError as exc:
        raise _error(url, target, f"{exc.strerror or exc} ({folder})") from exc
    return target


def _published_checksum(session: requests.Session, url: str) -> str | None:
    """The MD5 sum beside the zip; None if none is published."""
    with _answer(session, url, {}) as answer:
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found = re.search(r"\b[0-9a-f]{32}\b", answer.text.lower())
    return found[0] if found else None


def _fetch(
    session: requests.Session,
    url: str,
    part: Path,
    progress: Callable[[int, int | None], None] | None,
    deadline: float,
) -> None:
    """Write the file to `part`. An existing part is continued if the host supports ranges."""
    have = part.stat().st_size if part.exists() else 0
    with _answer(session, url, {"Range": f"bytes={have}-"} if have else {}) as answer:
        if answer.status_code == 416:  # nothing left to fetch: the part is whole, or too long
            return
        answer.raise_for_status()
        if answer.status_code != 206:
            have = 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if have else "wb") as file:
            for block in answer.iter_content(_BLOCK):
                file.write(block)
                have += len(block)
                if progress:
                    progress(have, total)
                if time.monotonic() > deadline:
                    raise requests.Timeout
    if total is not None and have < total:
        raise requests.ConnectionError


def _answer(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """A streamed answer. A connection that fails at once is tried a second time."""
    ask = partial(session.get, url, stream=True, timeout=(_CONNECT_S, _SILENCE_S))
    headers = {**headers, "Accept-Encoding": "identity"}
    begun = time.monotonic()
    try:
        return ask(headers=headers)
    except requests.ConnectionError:
        if time.monotonic() - begun > _CONNECT_S / 2:
            raise
        return ask(headers=headers)


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        for block in iter(partial(file.read, 1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _reason(exc: requests.RequestException) -> str:
    if isinstance(exc, requests.HTTPError) and exc.response is not None:
        return f"it answered {exc.response.status_code} {exc.response.reason}"
    if isinstance(exc, requests.ConnectTimeout):
        return f"no connection within {_CONNECT_S:.0f} s"
    if isinstance(exc, requests.Timeout):
        return "it took too long; what came so far is kept for the next try"
    cause = getattr(exc.args[0], "reason", None) if exc.args else None
    if cause is not None:  # urllib3's reason follows words about its pools and retries
        return str(cause).rpartition(": ")[2]
    if isinstance(exc, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return "the connection broke; what came so far is kept for the next try"
    return str(exc)


def _error(url: str, target: Path, reason: str) -> DownloadError:
    return DownloadError(
        f"{target.stem} could not be fetched from {urlsplit(url).netloc}: {reason}. Try again, or "
        f"fetch {url} by other means and put it at {target}, or pass its path with --data PATH; "
        "--data sample needs no download."
    )
