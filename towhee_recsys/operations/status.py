"""Say where everything in a home is, and how much of it there is."""

from __future__ import annotations

from typing import Any

from towhee_recsys.bundle import read_manifest
from towhee_recsys.errors import RecsysError
from towhee_recsys.operations.home import Home
from towhee_recsys.text import mask


def status(home: Home) -> dict[str, Any]:
    """Absolute paths, URLs and counts; None for what is not there yet. Passwords are masked.

    The home's own stores are opened only if they exist. If one cannot be opened, as when another
    process holds the Milvus file, ``note`` says why.
    """
    bundle = home.bundle if home.bundle.exists() else None
    found: dict[str, Any] = {
        "home": str(home.folder),
        "bundle": str(bundle) if bundle else None,
        "milvus_uri": mask(home.milvus_uri) if home.has_index else None,
        "store_url": mask(home.store_url) if home.has_store else None,
        "fingerprint": read_manifest(bundle).fingerprint if bundle else None,
        "index": None,
        "items": None,
        "users": None,
        "note": None,
    }
    if home.has_store:
        try:
            with home.open_store() as store:
                counts = store.counts()
            found |= {"items": counts["items"], "users": counts["users"]}
        except RecsysError as exc:
            found["note"] = str(exc)
    if home.has_index:
        try:
            with home.open_index() as index:
                found |= {"index": index.live(), "items": index.count()}
        except RecsysError as exc:
            found["note"] = str(exc)
    return found
