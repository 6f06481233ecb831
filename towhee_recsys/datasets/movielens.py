"""GroupLens' MovieLens archives, in each of their layouts, become tables of one shape.

| data set                       | files                            | form                       |
| ------------------------------ | -------------------------------- | -------------------------- |
| 100K                           | u.data, u.item, u.user           | tabs and ``|``, ISO-8859-1 |
| 1M                             | ratings.dat, movies.dat, users.dat | ``::``, ISO-8859-1       |
| 10M                            | ratings.dat, movies.dat          | ``::``, UTF-8              |
| 20M, 25M, 32M, latest(-small)  | ratings.csv, movies.csv          | CSV, UTF-8                 |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.archive import Archive
from towhee_recsys.datasets.assemble import Parts
from towhee_recsys.datasets.dataset import Source
from towhee_recsys.datasets.delimited import TextFile
from towhee_recsys.datasets.problems import Problems
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.datasets.table import Table, chunked
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

MOVIE_ID = "movieId"
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
_FLAGS_100K = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy "
    "Film-Noir Horror Musical Mystery Romance Sci-Fi Thriller War Western"
)
"""Genres, in the order of the flags at the end of each line of u.item."""
_NO_GENRES = {"(no genres listed)", "unknown", ""}
_YEAR = re.compile(r"^(?P<title>.*\S)\s*\((?P<year>\d{4})(?:[-–]\d{0,4})?\)\s*$")
_REMEDY = "Fetch the archive again."

Row = tuple[int, list[str]]
"""(line, fields)."""


def read_movielens(archive: Archive, problems: Problems) -> Parts | None:
    """The tables of an archive, whose layout its files tell; None where they tell none."""
    for layout in _LAYOUTS:
        files = _found(archive, layout.files)
        if files is not None:
            break
    else:
        remedy = "It needs ratings.csv and movies.csv, ratings.dat and movies.dat, or u.data."
        problems.add(archive.path.name, "is of no known MovieLens layout", remedy)
        return None
    interactions = layout.ratings(archive, files[0]).read(
        [*_RATING_TYPES, *layout.gaps],
        problems,
        {**_RATING_TYPES, **dict.fromkeys(layout.gaps, pa.null())},
    )
    if interactions is not None:
        _check_ratings(interactions, layout.gaps, problems)
    return Parts(
        name=_name(archive.path),
        schema=Schema.model_validate({"users": layout.users, "items": _ITEMS}),
        interactions=interactions,
        items=layout.movies(archive, files[1], problems),
        users=_people(archive, files[2], layout, problems) if layout.users else None,
        source=Source("movielens", str(archive.path.resolve()), archive.sha256(files)),
    )


def _name(path: Path) -> str:
    return path.stem if path.suffix == ".zip" else path.resolve().name


def _found(archive: Archive, files: tuple[str, ...]) -> list[str] | None:
    """The paths of `files` in the outermost folder that has all of them."""
    names = set(archive.names())
    folders = {PurePosixPath(name).parent for name in names}
    for folder in sorted(folders, key=lambda f: (len(f.parts), str(f))):
        paths = [str(folder / file) for file in files]
        if names.issuperset(paths):
            return paths
    return None


# --- ratings ------------------------------------------------------------------------------------

_RATING_TYPES: Mapping[str, Any] = {
    USER_ID: pa.int64(),
    ITEM_ID: pa.int64(),
    RATING: pa.float32(),
    TIMESTAMP: pa.int64(),
}
_GAPS = ("gap_1", "gap_2", "gap_3")
"""What a reader of fields between single colons finds inside each ``::``: nothing."""
_COLONS = (USER_ID, _GAPS[0], ITEM_ID, _GAPS[1], RATING, _GAPS[2], TIMESTAMP)


def _ratings_dat(archive: Archive, file: str) -> TextFile:
    return TextFile(file, partial(archive.open, file), ":", _COLONS, quotes=False)


def _ratings_tabs(archive: Archive, file: str) -> TextFile:
    names = (USER_ID, ITEM_ID, RATING, TIMESTAMP)
    return TextFile(file, partial(archive.open, file), "\t", names, quotes=False)


def _ratings_csv(archive: Archive, file: str) -> TextFile:
    names = (USER_ID, ITEM_ID, RATING, TIMESTAMP)
    return TextFile(file, partial(archive.open, file), ",", names, quotes=False, skip=1)


def _check_ratings(table: Table, gaps: tuple[str, ...], problems: Problems) -> None:
    """Ids are whole numbers here, and the separators are whole."""
    for name in (USER_ID, ITEM_ID):
        column = table.columns[name]
        if pa.types.is_string(column.type):
            good = pc.match_substring_regex(column, r"^[0-9]*$")
            bad = pc.invert(good).to_numpy()
            table.report(problems, name, bad, "an id is not a whole number", _REMEDY)
    for name in gaps:
        column = table.columns.pop(name)
        if pa.types.is_string(column.type):
            split = Table(table.file, {"::": column}, rows=table.rows)
            bad = pc.not_equal(column, "").to_numpy()
            split.report(problems, "::", bad, "something stands between two colons", _REMEDY)


# --- movies and people, which are few ------------------------------------------------------------


def _records(
    archive: Archive, file: str, encoding: str, separator: str, width: int, problems: Problems
) -> list[Row]:
    """Lines with a whole number at first and `width` fields; the others are noted."""
    with archive.open(file) as opened:
        raw = opened.read()
    rows: list[Row] = []
    wide: list[tuple[int, str]] = []
    odd: list[tuple[int, str]] = []
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as exc:
            wrong = f"is not UTF-8: byte 0x{line[exc.start]:02x}"
            problems.add(file, wrong, _REMEDY, examples=[(number, line.decode("latin-1"))])
            return rows
        fields = text.split(separator)
        if not text:
            continue
        if len(fields) != width:
            wide.append((number, text))
        elif not re.fullmatch("[0-9]{1,18}", fields[0]):
            odd.append((number, fields[0]))
        else:
            rows.append((number, fields))
    if wide:
        wrong = f"a line does not have {width} fields, '{separator}' between them"
        problems.add(file, wrong, _REMEDY, examples=wide, count=len(wide))
    if odd:
        wrong = "an id is not a whole number"
        problems.add(file, wrong, _REMEDY, column="id", examples=odd, count=len(odd))
    return rows


def _movies(file: str, lines: list[int], ids: Any, titles: list[str], genres: Any) -> Table:
    matches = [_YEAR.match(title) for title in titles]
    names = [m["title"] if m else t.strip() for m, t in zip(matches, titles, strict=True)]
    kept = [[g for g in labels if g not in _NO_GENRES] for labels in genres]
    columns = {
        ITEM_ID: ids,
        "title": pa.array(names, pa.string()),
        "year": pa.array([int(m["year"]) if m else None for m in matches], pa.int64()),
        "genres": pa.array(kept, pa.list_(pa.string())),
    }
    return Table(
        file,
        {name: chunked(values) for name, values in columns.items()},
        rows=lambda at: [lines[index] for index in at],
    )


def _movies_dat(encoding: str, archive: Archive, file: str, problems: Problems) -> Table:
    rows = _records(archive, file, encoding, "::", 3, problems)
    ids = pa.array([int(fields[0]) for _, fields in rows], pa.int64())
    genres = [fields[2].split("|") for _, fields in rows]
    return _movies(file, [n for n, _ in rows], ids, [fields[1] for _, fields in rows], genres)


def _movies_flags(archive: Archive, file: str, problems: Problems) -> Table:
    flags = _FLAGS_100K.split()
    rows = _records(archive, file, "iso-8859-1", "|", 5 + len(flags), problems)
    ids = pa.array([int(fields[0]) for _, fields in rows], pa.int64())
    genres = [
        [genre for genre, flag in zip(flags, fields[5:], strict=True) if flag == "1"]
        for _, fields in rows
    ]
    return _movies(file, [n for n, _ in rows], ids, [fields[1] for _, fields in rows], genres)


def _movies_csv(archive: Archive, file: str, problems: Problems) -> Table | None:
    names = ("id", "title", "genres")
    text = TextFile(file, partial(archive.open, file), ",", names, skip=1)
    read = text.read(names, problems, {"id": pa.int64()})
    if read is None:
        return None
    ids = read.columns["id"]
    if pa.types.is_string(ids.type):
        bad = pc.invert(pc.match_substring_regex(ids, "^[0-9]{1,18}$")).to_numpy()
        read.report(problems, "id", bad, "an id is not a whole number", _REMEDY)
        ids = chunked(pa.array(np.arange(len(read))))
    genres = [labels.split("|") for labels in read.columns["genres"].to_pylist()]
    table = _movies(file, [], ids, read.columns["title"].to_pylist(), genres)
    table.rows = read.rows
    return table


def _people(archive: Archive, file: str, layout: _Layout, problems: Problems) -> Table:
    rows = _records(archive, file, "iso-8859-1", layout.separator, 1 + len(layout.users), problems)
    columns: dict[str, Any] = {
        USER_ID: chunked(pa.array([int(fields[0]) for _, fields in rows], pa.int64()))
    }
    for place, name in enumerate(layout.users, start=1):
        values = chunked(pa.array([fields[place] for _, fields in rows], pa.string()))
        if name in layout.codes:
            bad = pc.invert(pc.match_substring_regex(values, "^[0-9]{1,9}$")).to_numpy()
            table = Table(file, {name: values}, rows=lambda at: [rows[i][0] for i in at])
            table.report(problems, name, bad, "a code is not a whole number", _REMEDY)
            values = values if bad.any() else values.cast(pa.int64())
        columns[name] = values
    return Table(file, columns, rows=lambda at: [rows[i][0] for i in at])


@dataclass(frozen=True)
class _Layout:
    files: tuple[str, ...]
    """Ratings, movies and, where there are any, users."""
    ratings: Callable[[Archive, str], TextFile]
    movies: Callable[[Archive, str, Problems], Table | None]
    gaps: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""
    """Between the fields of the users' file."""
    codes: tuple[str, ...] = ()
    """Columns of users that hold whole numbers."""


_LAYOUTS = (
    _Layout(("ratings.csv", "movies.csv"), _ratings_csv, _movies_csv),
    _Layout(
        ("ratings.dat", "movies.dat", "users.dat"),
        _ratings_dat,
        partial(_movies_dat, "iso-8859-1"),
        _GAPS,
        _USERS_1M,
        "::",
        ("age", "occupation"),
    ),
    _Layout(("ratings.dat", "movies.dat"), _ratings_dat, partial(_movies_dat, "utf-8"), _GAPS),
    _Layout(
        ("u.data", "u.item", "u.user"),
        _ratings_tabs,
        _movies_flags,
        users=_USERS_100K,
        separator="|",
        codes=("age",),
    ),
)
