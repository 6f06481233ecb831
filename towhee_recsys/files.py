"""Files by name → a folder that takes the place of an older one when it is whole."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` beside `path`, then rename: whoever reads meanwhile gets the old folder, the
    new one, or none, never a mixture. Where writing fails, the old one stays.

    Args:
        path: absolute; a folder that is there is replaced.
        files: contents by name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        new.mkdir()
        for name, content in files.items():
            (new / name).write_bytes(content)
        try:
            if path.exists():
                path.rename(old)
            new.rename(path)
        except BaseException:  # an interrupt too
            if old.exists() and not path.exists():
                old.rename(path)
            raise
