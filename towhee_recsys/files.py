"""Write a file or a folder completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to, and rename what was written to `path`.

    A reader gets the old file or the new one, never a part. The new content is on disk before the
    old one goes, so a power cut leaves one of them. If the block raises, the old file stays. Two
    writers of one `path` must exclude each other.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:  # an interrupt too
        new.unlink(missing_ok=True)
        raise


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder beside `path`, then rename it.

    A reader gets the old folder, the new one, or none for a moment, never a mixture. If writing
    fails, the old folder stays.

    Args:
        path: an absolute path. An existing folder is replaced, with all that is in it.
        files: contents by file name.
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
