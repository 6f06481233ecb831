"""Hub folders → a folder that Towhee takes for its cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from towhee_recsys.files import write_folder
from towhee_recsys.hub.folders import Folder, folders

TAG = "main"
"""The version that ``ops.recsys.x(…)`` asks for."""


def export(target: Path, chosen: Sequence[Folder] | None = None) -> list[Path]:
    """Lay folders out as Towhee's cache does, so that with ``TOWHEE_HOME=target`` the operators and
    pipelines are found without a download, and without an import of this library before.

    What else is in `target` stays as it is; a folder that is there already is replaced.

    Args:
        target: made if need be.
        chosen: by default all of the library.

    Returns:
        Where each now lies.

    Raises:
        HubError, OSError: a folder cannot be read, or `target` cannot be written.
    """
    placed = []
    for folder in folders() if chosen is None else chosen:
        path = target.absolute() / folder.cached / "versions" / TAG
        write_folder(path, folder.files())
        placed.append(path)
    return placed
