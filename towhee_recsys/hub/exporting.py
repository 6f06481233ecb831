"""Copy hub folders into a folder with the layout of Towhee's cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from towhee_recsys.files import write_folder
from towhee_recsys.hub.folders import Folder, folders

TAG = "main"
"""The version that ``ops.recsys.x(…)`` asks for."""


def export(target: Path, chosen: Sequence[Folder] | None = None) -> list[Path]:
    """Copy folders to where Towhee's loader looks for them.

    With ``TOWHEE_HOME=target`` Towhee finds the operators and pipelines without a download, and
    without an import of this library. Existing copies are replaced; other files in `target` stay.

    Args:
        target: the folder to write to. It is created if it does not exist.
        chosen: the folders to copy, by default all of the library.

    Returns:
        The path of each copy.

    Raises:
        HubError, OSError: a folder cannot be read, or `target` cannot be written.
    """
    placed = []
    for folder in folders() if chosen is None else chosen:
        path = target.absolute() / folder.cached / "versions" / TAG
        write_folder(path, folder.files())
        placed.append(path)
    return placed
