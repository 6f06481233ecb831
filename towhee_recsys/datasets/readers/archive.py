"""Open the files of a zip or a folder by name, without extracting anything."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from towhee_recsys.errors import DataError

MAX_BYTES = 4 << 30
"""The limit for all members of a zip together, unpacked."""
MAX_RATIO = 200
"""The limit for a member's size over its packed size, unless it is small."""
_SMALL = 1 << 20


class Archive:
    """The files of a zip or of a folder.

    Raises:
        DataError: the path is neither, or the zip is damaged or unsafe: a member leads out of it,
            is a link, is locked, or unpacks to far more than its size.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zipped = not path.is_dir()
        if path.is_dir():
            self._names = sorted(
                p.relative_to(path).as_posix() for p in path.glob("**/*") if p.is_file()
            )
            return
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (OSError, zipfile.BadZipFile) as exc:
            raise DataError(f"{path} is not a zip: {exc}. Fetch it again.") from exc
        _refuse_unsafe(path, members)
        self._names = [member.filename for member in members if not member.is_dir()]

    def names(self) -> list[str]:
        """Paths inside, with forward slashes."""
        return list(self._names)

    def open(self, name: str) -> BinaryIO:
        """Open one file for reading."""
        if not self._zipped:
            return (self.path / name).open("rb")
        with zipfile.ZipFile(self.path) as archive:
            return cast(BinaryIO, archive.open(name))  # it stays open after the archive is closed

    def sha256(self, names: Iterable[str]) -> str:
        """The checksum of the zip, or of a folder's files `names` in this order."""
        digest = hashlib.sha256()
        paths = [self.path] if self._zipped else [self.path / name for name in names]
        for path in paths:
            with path.open("rb") as file:
                for block in iter(partial(file.read, 1 << 20), b""):
                    digest.update(block)
        return digest.hexdigest()


def _refuse_unsafe(path: Path, members: list[zipfile.ZipInfo]) -> None:
    total = 0
    for member in members:
        name = member.filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        total += member.file_size
        if ".." in parts or name.startswith(("/", "\\")) or ":" in name[:2]:
            wrong = "leads out of the archive"
        elif stat.S_ISLNK(member.external_attr >> 16):
            wrong = "is a link"
        elif member.flag_bits & 1:
            wrong = "is locked with a password"
        elif member.file_size > max(_SMALL, MAX_RATIO * member.compress_size):
            wrong = f"unpacks to more than {MAX_RATIO} times its size"
        elif total > MAX_BYTES:
            wrong = f"takes the whole above {MAX_BYTES >> 30} GiB unpacked"
        else:
            continue
        raise DataError(f"{path}: the member '{name}' {wrong}. Use an archive from a known source.")
