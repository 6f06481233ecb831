"""Draft a dataset.yaml for a folder or for files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from towhee_recsys.datasets.describing.linking import Describes, Links, link
from towhee_recsys.datasets.describing.looking import look
from towhee_recsys.datasets.describing.seen import SeenTable
from towhee_recsys.datasets.describing.writing import Rated, flat, rated, without_columns, written
from towhee_recsys.datasets.readers.paths import kind_of
from towhee_recsys.errors import DataError
from towhee_recsys.text import listed

NAME = "dataset.yaml"
_SILENT = (".yaml", ".yml", ".md", ".rst", ".html", ".pdf", ".py", ".ipynb")
"""Files that nobody takes for tables."""


@dataclass(frozen=True)
class Draft:
    """A description that was guessed."""

    path: Path
    """Where it belongs: beside the tables."""
    text: str
    decisions: tuple[str, ...]
    """What was decided, a line each."""


def describe(sources: Sequence[Path]) -> Draft:
    """Look at a folder, or at files, and guess which tables they hold.

    Args:
        sources: a folder, in which all files and folders of files are looked at, or files.

    Raises:
        DataError: there is no such file, or no table holds interactions.
    """
    folder = place(sources).parent
    if sources[0].is_dir() and len(sources) == 1:
        paths = list(_inside(folder))
    else:
        paths = [source.absolute().relative_to(folder).as_posix() for source in sources]
    looked = {path: look(folder, path) for path in paths}
    tables = [table for table in looked.values() if isinstance(table, SeenTable)]
    left_out = [(path, why) for path, why in looked.items() if isinstance(why, str)]
    if not tables:
        what = "; ".join(f"{path}: {why}" for path, why in left_out)
        raise DataError(f"{folder} holds no table. {what or 'It has no file that can be read.'}")
    links = link(tables)
    empty = without_columns(links)
    links = replace(links, items=links.items.without(empty), users=links.users.without(empty))
    left_out += [(table.path, why) for table, why in links.others]
    left_out += [(table.path, "no column of it can be used") for table in empty]
    found = rated(links)
    said = [*_decisions(links, found), *(f"{path} is not used: {why}" for path, why in left_out)]
    return Draft(place(sources), written(links, found, left_out), tuple(map(flat, said)))


def place(sources: Sequence[Path]) -> Path:
    """Where the description of a folder or of files belongs.

    Raises:
        DataError: there is no such file or folder.
    """
    for source in sources:
        if not source.exists():
            raise DataError(f"there is no file or folder {source}")
    if len(sources) == 1 and sources[0].is_dir():
        return sources[0].absolute() / NAME
    return Path(os.path.commonpath([source.absolute().parent for source in sources])) / NAME


def _inside(folder: Path) -> Iterator[str]:
    """The files of a folder, and its folders whose files are parts of one table."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        if path.is_file() and path.suffix.lower() not in _SILENT:
            yield path.name
        elif path.is_dir():
            kinds = {kind_of(file) for file in path.rglob("*") if file.is_file()}
            if len(kinds - {None}) == 1:
                yield path.name


def _decisions(links: Links, found: Rated) -> Iterator[str]:
    table = links.interactions
    rows = f"{table.rows:,} rows" if table.whole else f"{table.rows:,} rows or more"
    yield (
        f"interactions: {table.path}, {rows}; users are in '{links.user.column}' "
        f"({links.user.why}), items in '{links.item.column}' ({links.item.why})"
    )
    if found.when and found.when.doubt:
        yield f"{found.when.columns[0]}: {found.when.doubt}"
    for title, described in (("items", links.items), ("users", links.users)):
        yield f"{title}: {_files(described) or 'no table; the interactions tell which there are'}"


def _files(described: Describes) -> str:
    main = [described.main[0].path] if described.main else []
    return listed([*main, *(table.path for table, _ in described.also)])
