"""Read MovieLens archives in any of their layouts into tables of one form.

| data set                      | files                              | form                       |
| ----------------------------- | ---------------------------------- | -------------------------- |
| 100K                          | u.data, u.item, u.user             | tabs and ``|``, ISO-8859-1 |
| 1M                            | ratings.dat, movies.dat, users.dat | ``::``, ISO-8859-1         |
| 10M                           | ratings.dat, movies.dat            | ``::``, UTF-8              |
| 20M, 25M, 32M, latest(-small) | ratings.csv, movies.csv            | CSV, UTF-8                 |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.contents import Source
from towhee_recsys.datasets.readers.archive import Archive
from towhee_recsys.datasets.readers.assemble import Parts
from towhee_recsys.datasets.readers.delimited import TextFile
from towhee_recsys.datasets.readers.movielens_records import (
    REMEDY,
    movies_csv,
    movies_dat,
    movies_flags,
    read_users,
)
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, mask
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

_ITEMS = {"title": "text", "year": "number", "genres": "multi_categorical"}
_USERS_100K = {
    "age": "number",
    "gender": "categorical",
    "occupation": "categorical",
    "zip_code": "display",
}
_USERS_1M = {
    "gender": "categorical",
    "age": "categorical",  # a code of seven bands
    "occupation": "categorical",
    "zip_code": "display",
}


_RATING_TYPES: Mapping[str, Any] = {
    USER_ID: pa.int64(),
    ITEM_ID: pa.int64(),
    RATING: pa.float32(),
    TIMESTAMP: pa.int64(),
}
_GAPS = ("gap_1", "gap_2", "gap_3")
"""The empty columns that a reader of single colons finds inside each ``::``."""


@dataclass(frozen=True)
class _Layout:
    files: tuple[str, ...]
    """Ratings, movies and, where there are any, users."""
    delimiter: str
    """Separates the fields of a rating. A single colon reads ``::``, with gaps."""
    movies: Callable[[Archive, str, Problems], Table | None]
    header: int = 0
    """Lines before the first rating."""
    users: Mapping[str, str] = field(default_factory=dict)
    """The columns of the users' file after the id, and their roles."""
    read_users: Callable[[Archive, str, Problems], Table] | None = None


_LAYOUTS = (
    _Layout(("ratings.csv", "movies.csv"), ",", movies_csv, header=1),
    _Layout(
        ("ratings.dat", "movies.dat", "users.dat"),
        ":",
        partial(movies_dat, "iso-8859-1"),
        users=_USERS_1M,
        read_users=partial(read_users, "::", tuple(_USERS_1M), ("age", "occupation")),
    ),
    _Layout(("ratings.dat", "movies.dat"), ":", partial(movies_dat, "utf-8")),
    _Layout(
        ("u.data", "u.item", "u.user"),
        "\t",
        movies_flags,
        users=_USERS_100K,
        read_users=partial(read_users, "|", tuple(_USERS_100K), ("age",)),
    ),
)


def read_movielens(archive: Archive, problems: Problems) -> Parts | None:
    """The tables of an archive. Its files show its layout; returns None if they show none."""
    for layout in _LAYOUTS:
        files = _found(archive, layout.files)
        if files is not None:
            break
    else:
        remedy = (
            "MovieLens has ratings.csv and movies.csv, ratings.dat and movies.dat, or u.data. For "
            "your own tables, `towhee-recsys init FOLDER` writes a dataset.yaml."
        )
        name = archive.path.resolve().name
        problems.add(name, "has neither a dataset.yaml nor a known MovieLens layout", remedy)
        return None
    return Parts(
        name=archive.path.stem if archive.path.suffix == ".zip" else archive.path.resolve().name,
        schema=Schema.model_validate({"users": layout.users, "items": _ITEMS}),
        interactions=_ratings(archive, files[0], layout, problems),
        items=layout.movies(archive, files[1], problems),
        users=layout.read_users(archive, files[2], problems) if layout.read_users else None,
        source=Source("movielens", str(archive.path.resolve()), archive.sha256(files)),
        file_order=True,  # which the published tables keep at equal timestamps
    )


def _found(archive: Archive, files: tuple[str, ...]) -> list[str] | None:
    """The paths of `files` in the outermost folder that has all of them."""
    names = set(archive.names())
    folders: set[PurePosixPath] = {PurePosixPath(name).parent for name in names}
    for folder in sorted(folders, key=lambda f: (len(f.parts), str(f))):
        paths = [str(folder / file) for file in files]
        if names.issuperset(paths):
            return paths
    return None


def _ratings(archive: Archive, file: str, layout: _Layout, problems: Problems) -> Table | None:
    columns = tuple(_RATING_TYPES)
    gaps = _GAPS if layout.delimiter == ":" else ()
    if gaps:
        user, item, rating, timestamp = columns
        columns = (user, gaps[0], item, gaps[1], rating, gaps[2], timestamp)
    text = TextFile(
        file,
        partial(archive.open, file),
        layout.delimiter,
        columns,
        quotes=False,
        skip=layout.header,
    )
    types = {**_RATING_TYPES, **dict.fromkeys(gaps, pa.null())}
    table = text.read(columns, problems, types)
    if table is not None:
        _check_ratings(table, gaps, problems)
    return table


def _check_ratings(table: Table, gaps: tuple[str, ...], problems: Problems) -> None:
    """Note ids that are not whole numbers, and anything inside ``::``."""
    for name in (USER_ID, ITEM_ID):
        column = table.columns[name]
        if pa.types.is_string(column.type):
            bad = mask(pc.invert(pc.match_substring_regex(column, r"^[0-9]*$")))
            table.report(problems, name, bad, "an id is not a whole number", REMEDY)
    for name in gaps:
        column = table.columns.pop(name)
        if pa.types.is_string(column.type):
            between = Table(table.file, {"::": column}, rows=table.rows)
            bad = mask(pc.not_equal(column, ""))
            between.report(problems, "::", bad, "something stands between two colons", REMEDY)
