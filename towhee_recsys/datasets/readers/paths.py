"""Find the files that a description's path means."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import BinaryIO, Literal, cast

import pyarrow as pa

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.text import near

Kind = Literal["text", "json", "parquet"]

_KINDS: dict[str, Kind] = {
    ".csv": "text",
    ".tsv": "text",
    ".tab": "text",
    ".txt": "text",
    ".dat": "text",
    ".data": "text",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_REMEDY = (
    ".csv, .tsv, .txt, .dat, .jsonl (all also .gz) and .parquet are; so are folders and globs of "
    "them, and the URLs of databases."
)


def suffix_of(path: Path) -> str:
    """The suffix that tells the kind of a file, without ``.gz``."""
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


def kind_of(path: Path) -> Kind | None:
    """How a file is read; None if it is not."""
    kind = _KINDS.get(suffix_of(path))
    return None if kind == "parquet" and path.suffix.lower() == ".gz" else kind


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked."""
    packed = path.suffix.lower() == ".gz"
    return cast(BinaryIO, pa.input_stream(path, compression="gzip") if packed else path.open("rb"))


def find_files(yaml: Path, what: str, given: str, problems: Problems) -> dict[str, Path]:
    """The files by the name that problems call them, in the order of these names; none if that is
    a problem.

    Args:
        yaml: the description; `given` is relative to its folder.
        what: the table, as the description calls it.
        given: a file, a folder (all files in it that can be read, also in its folders), or a glob.
        problems: where to note what is wrong.
    """
    path = yaml.parent / given
    if path.is_file():
        found = {given: path}
    elif path.is_dir():
        inside = {file.relative_to(path).as_posix(): file for file in path.rglob("*")}
        found = {
            f"{given.rstrip('/')}/{name}": file
            for name, file in sorted(inside.items())
            if file.is_file() and kind_of(file) and not _is_hidden(name)
        }
        if not found:
            problems.add(given, "holds no file that can be read", f"Of files, {_REMEDY}")
    else:
        names = sorted(glob.glob(given, root_dir=yaml.parent, recursive=True))
        found = {name: yaml.parent / name for name in names if (yaml.parent / name).is_file()}
        if not found:
            there = [p.name for p in path.parent.glob("*.*")] if path.parent.is_dir() else []
            remedy = f"It is looked for at {path.absolute()}."
            remedy += f" {near(path.name, there)}" if there and not glob.has_magic(given) else ""
            problems.add(yaml.name, f"{what}: there is no file {given}", remedy)
    kinds = {kind_of(file) for file in found.values()}
    if None in kinds:
        odd = next(name for name, file in found.items() if kind_of(file) is None)
        problems.add(odd, "is of a kind that is not read", f"Of files, {_REMEDY}")
        return {}
    if len(kinds) > 1:
        ends = ", ".join(sorted({suffix_of(file) for file in found.values()}))
        remedy = f"Name those of one kind, as in path: {given.rstrip('/')}/*.parquet."
        problems.add(given, f"holds files of several kinds: {ends}", remedy)
        return {}
    return found


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))
