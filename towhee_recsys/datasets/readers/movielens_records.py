"""Read the movies and users of a MovieLens archive into tables, line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.readers.archive import Archive
from towhee_recsys.datasets.readers.delimited import TextFile
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, chunked
from towhee_recsys.types import ITEM_ID, USER_ID

REMEDY = "Fetch the archive again."

_FLAGS_100K = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy "
    "Film-Noir Horror Musical Mystery Romance Sci-Fi Thriller War Western"
)
"""The genres, in the order of the flags at the end of each line of u.item."""
_NO_GENRES = {"(no genres listed)", "unknown", ""}
_YEAR = re.compile(r"^(?P<title>.*\S)\s*\((?P<year>\d{4})(?:[-–]\d{0,4})?\)\s*$")

Row = tuple[int, list[str]]
"""(line, fields)."""


def _records(
    archive: Archive,
    file: str,
    encoding: str,
    separator: str,
    width: int,
    problems: Problems,
    private: bool = False,
) -> list[Row]:
    """The lines that have `width` fields and begin with a whole number; others are problems, which
    quote no line if that is `private`."""
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
            problems.add(file, wrong, REMEDY, examples=[(number, line.decode("latin-1"))])
            return rows
        fields = text.split(separator)
        if not text:
            continue
        if len(fields) != width:
            wide.append((number, f"{len(fields)} fields" if private else text))
        elif not re.fullmatch("[0-9]{1,18}", fields[0]):
            odd.append((number, fields[0]))
        else:
            rows.append((number, fields))
    if wide:
        wrong = f"a line does not have {width} fields, '{separator}' between them"
        problems.add(file, wrong, REMEDY, examples=wide, count=len(wide), quoted=not private)
    if odd:
        wrong = "an id is not a whole number"
        problems.add(file, wrong, REMEDY, column="id", examples=odd, count=len(odd))
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


def movies_dat(encoding: str, archive: Archive, file: str, problems: Problems) -> Table:
    """movies.dat: ``id::title::genres``."""
    rows = _records(archive, file, encoding, "::", 3, problems)
    ids = pa.array([int(fields[0]) for _, fields in rows], pa.int64())
    genres = [fields[2].split("|") for _, fields in rows]
    return _movies(file, [n for n, _ in rows], ids, [fields[1] for _, fields in rows], genres)


def movies_flags(archive: Archive, file: str, problems: Problems) -> Table:
    """u.item: ``id|title|date|date|url`` and a flag for each genre."""
    flags = _FLAGS_100K.split()
    rows = _records(archive, file, "iso-8859-1", "|", 5 + len(flags), problems)
    ids = pa.array([int(fields[0]) for _, fields in rows], pa.int64())
    genres = [
        [genre for genre, flag in zip(flags, fields[5:], strict=True) if flag == "1"]
        for _, fields in rows
    ]
    return _movies(file, [n for n, _ in rows], ids, [fields[1] for _, fields in rows], genres)


def movies_csv(archive: Archive, file: str, problems: Problems) -> Table | None:
    """movies.csv: ``movieId,title,genres``, titles quoted where they need it."""
    names = ("id", "title", "genres")
    text = TextFile(file, partial(archive.open, file), ",", names, skip=1)
    read = text.read(names, problems, {"id": pa.int64()})
    if read is None:
        return None
    ids = read.columns["id"]
    if pa.types.is_string(ids.type):
        bad = pc.invert(pc.match_substring_regex(ids, "^[0-9]{1,18}$")).to_numpy()
        read.report(problems, "id", bad, "an id is not a whole number", REMEDY)
        ids = chunked(pa.array(np.arange(len(read))))
    genres = [labels.split("|") for labels in read.columns["genres"].to_pylist()]
    table = _movies(file, [], ids, read.columns["title"].to_pylist(), genres)
    table.rows = read.rows
    return table


def read_users(
    separator: str,
    names: Sequence[str],
    codes: Sequence[str],
    archive: Archive,
    file: str,
    problems: Problems,
) -> Table:
    """A file of users: the id, then the columns `names`. Those in `codes` are whole numbers."""
    rows = _records(archive, file, "iso-8859-1", separator, 1 + len(names), problems, private=True)
    columns: dict[str, Any] = {
        USER_ID: chunked(pa.array([int(fields[0]) for _, fields in rows], pa.int64()))
    }
    own = Table(file, {}, rows=lambda at: [rows[i][0] for i in at], private=True)
    for place, name in enumerate(names, start=1):
        values = chunked(pa.array([fields[place] for _, fields in rows], pa.string()))
        if name in codes:
            bad = pc.invert(pc.match_substring_regex(values, "^[0-9]{1,9}$")).to_numpy()
            table = replace(own, columns={name: values})
            table.report(problems, name, bad, "a code is not a whole number", REMEDY)
            values = values if bad.any() else values.cast(pa.int64())
        columns[name] = values
    return replace(own, columns=columns)
