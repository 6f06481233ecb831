"""Find the reader for a name, a path or data frames, and check what it read."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pandas as pd

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.download import MOVIELENS, download
from towhee_recsys.datasets.readers.archive import Archive
from towhee_recsys.datasets.readers.assemble import Parts, assemble
from towhee_recsys.datasets.readers.described import read_tables
from towhee_recsys.datasets.readers.frames import UserColumns, read_frames
from towhee_recsys.datasets.readers.movielens import read_movielens
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.sample import cinema
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.errors import DataError
from towhee_recsys.text import near

DownloadProgress = Callable[[int, "int | None"], None]
"""Called with the bytes so far and in total (None: unknown)."""

NAMES = ("sample", *MOVIELENS)
"""Data sets that have a name."""


def load(
    source: str | Path, *, cache: Path | None = None, progress: DownloadProgress | None = None
) -> Contents:
    """See `Dataset.load`."""
    problems = Problems()
    contents = examine(source, problems, cache=cache, progress=progress)[1]
    problems.raise_if_any(str(source))
    assert contents is not None
    return contents


def load_frames(
    interactions: pd.DataFrame,
    items: pd.DataFrame | None = None,
    users: pd.DataFrame | None = None,
    *,
    schema: Schema | None = None,
    user_columns: UserColumns | None = None,
    order: Literal["file"] | None = None,
    name: str = "frames",
) -> Contents:
    """See `Dataset.from_frames`."""
    problems = Problems()
    parts = read_frames(
        interactions, items, users, schema, user_columns, name, problems, order == "file"
    )
    contents = assemble(parts, problems)
    problems.raise_if_any(name)
    assert contents is not None
    return contents


def examine(
    source: str | Path,
    problems: Problems,
    *,
    cache: Path | None = None,
    progress: DownloadProgress | None = None,
) -> tuple[Parts | None, Contents | None]:
    """Return what could be read and, if nothing is wrong, the checked contents.

    Everything that is wrong is added to `problems`.

    Raises:
        DownloadError: the data set could not be fetched.
    """
    name = str(source)
    if name == "sample" or name.startswith("sample:"):
        return None, _sample(name, problems)
    path = (
        download(name, cache=cache, progress=progress)
        if name in MOVIELENS
        else Path(source).expanduser()
    )
    parts = _read(path, problems)
    return parts, assemble(parts, problems) if parts else None


def _sample(name: str, problems: Problems) -> Contents | None:
    seed = name.partition(":")[2] or "0"
    if seed.isascii() and seed.isdigit():
        return cinema(int(seed))
    problems.add(name, "does not end in a seed", "Write sample, or sample:7.")
    return None


def _read(path: Path, problems: Problems) -> Parts | None:
    if path.is_dir() and (path / "dataset.yaml").is_file():
        path = path / "dataset.yaml"
    try:
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return read_tables(path, problems)
        if path.is_dir() or (path.suffix == ".zip" and path.is_file()):
            return read_movielens(Archive(path), problems)
    except DataError as exc:
        problems.add(path.name, str(exc), "")
        return None
    except (zipfile.BadZipFile, zlib.error, EOFError) as exc:
        problems.add(str(path), f"is damaged: {exc}", "Fetch it again.")
        return None
    except OSError as exc:
        problems.add(str(path), f"cannot be read: {exc.strerror or exc}", "Make it readable.")
        return None
    kinds = (
        f"Give one of {', '.join(NAMES)}, a MovieLens zip or folder, or a dataset.yaml, which "
        "`towhee-recsys init FOLDER` writes for your own tables."
    )
    if path.is_file():
        problems.add(str(path), "is of a kind that is not read", kinds)
    else:
        where = f" in {os.getcwd()}" if not path.is_absolute() else ""
        guess = near(str(path), NAMES) if "." not in path.name else ""  # a name, perhaps misspelt
        remedy = f"{guess} {kinds}" if guess.startswith("Did you mean") else kinds
        problems.add(str(path), f"there is no such file{where}", remedy)
    return None
