"""Read a described table from its files or its database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.readers.arrays import joined
from towhee_recsys.datasets.readers.json_lines import JsonLines
from towhee_recsys.datasets.readers.naming import Wanted
from towhee_recsys.datasets.readers.origin import Origin, Reading
from towhee_recsys.datasets.readers.parquet import ParquetFiles
from towhee_recsys.datasets.readers.paths import find_files, kind_of, open_file
from towhee_recsys.datasets.readers.problems import EXAMPLES, Problems
from towhee_recsys.datasets.readers.sql import called, read_sql
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.readers.text_files import text_file
from towhee_recsys.text import listed


class _Readable(Protocol):
    @property
    def name(self) -> str: ...

    def header(self, problems: Problems) -> list[str] | None: ...

    def read(
        self, columns: Sequence[str], problems: Problems, *, most: int | None = None
    ) -> Table | None: ...


def read_source(
    yaml: Path,
    what: str,
    origin: Origin,
    wanted: Wanted,
    problems: Problems,
    digest: Any,
    most: int | None = None,
) -> Table | None:
    """The wanted columns under the library's names; None if the table cannot be read.

    Args:
        yaml: the description; paths are relative to its folder.
        what: what the description calls the table.
        origin: where it is.
        wanted: its columns.
        problems: where to note what is wrong.
        digest: a hash that takes in what was read.
        most: how many rows of files to read; None for all.
    """
    if origin.is_url:
        read = _from_database(yaml.parent, what, origin, wanted, problems, digest)
    else:
        read = _from_files(yaml, what, origin, wanted, problems, digest, most)
    if read is None:
        return None
    table, names = read
    columns = {ours: _without_na(table.columns[n], origin.read.na) for ours, n in names.items()}
    decimal = origin.read.decimal
    return replace(table, columns=columns, names=names, decimal=decimal, private=wanted.private)


def _from_database(
    folder: Path, what: str, origin: Origin, wanted: Wanted, problems: Problems, digest: Any
) -> tuple[Table, dict[str, str]] | None:
    name = called(origin, what)
    names: dict[str, str] = {}

    def choose(header: list[str]) -> Collection[str] | None:
        if not names:
            names.update(wanted.locate(name, header, problems) or {})
        return names.values() or None

    read = read_sql(origin, name, folder, choose, problems, wanted.private)
    if read is None:
        return None
    table, checksum = read
    digest.update(checksum)
    return table, names


def _from_files(
    yaml: Path,
    what: str,
    origin: Origin,
    wanted: Wanted,
    problems: Problems,
    digest: Any,
    most: int | None,
) -> tuple[Table, dict[str, str]] | None:
    files = find_files(yaml, what, origin.path, problems)
    for path in files.values():
        with path.open("rb") as opened:
            for block in iter(partial(opened.read, 1 << 20), b""):
                digest.update(block)
    name = next(iter(files)) if len(files) == 1 else origin.path
    readable = _readable(name, files, yaml.parent / origin.path, origin.read, wanted, problems)
    names: dict[str, str] | None = None
    tables: list[Table] = []
    lacking: dict[str, set[str]] = {}
    failed = False
    left = most
    for one in readable:
        if left == 0:
            break
        header = one.header(problems)
        if header is None:
            failed = True
            continue
        if names is None:
            names = wanted.locate(one.name, header, problems)
            if names is None:
                return None
        missing = set(names.values()) - set(header)
        if missing:
            lacking[one.name] = missing
            continue
        table = one.read(sorted(set(names.values())), problems, most=left)
        if table is None:
            failed = True
            continue
        tables.append(table)
        left = None if left is None else left - len(table)
    if lacking:
        some = list(lacking)[:EXAMPLES]
        without = listed([f"{file} ({', '.join(sorted(lacking[file]))})" for file in some])
        more = f" and {len(lacking) - len(some)} more" if len(lacking) > len(some) else ""
        remedy = "Give all files the same columns, or name those to read by a glob."
        wrong = f"{without}{more} lack columns of {readable[0].name}"
        problems.add(origin.path, wrong, remedy)
    if names is None or not tables or lacking or failed:
        return None
    return (tables[0] if len(tables) == 1 else _stacked(name, tables)), names


def _readable(
    name: str,
    files: Mapping[str, Path],
    base: Path,
    reading: Reading,
    wanted: Wanted,
    problems: Problems,
) -> list[_Readable]:
    """The files, ready to be read; none if one is not."""
    if not files:
        return []
    kind = kind_of(next(iter(files.values())))
    allowed = {"json": {"encoding", "na", "decimal"}, "parquet": {"na", "decimal"}}
    idle = reading.model_fields_set - allowed.get(str(kind), reading.model_fields_set)
    if idle:
        keys = listed([f"`{key}`" for key in sorted(idle)])
        problems.add(name, f"needs no {keys} to be read", f"Leave {keys} out of read.")
        return []
    if kind == "parquet":
        return [ParquetFiles(name, files, base)]
    if kind == "json":
        return [
            JsonLines(file, partial(open_file, path), reading, wanted.private)
            for file, path in files.items()
        ]
    texts = [
        text_file(file, path, reading, wanted.named, problems, wanted.private)
        for file, path in files.items()
    ]
    found = [text for text in texts if text is not None]
    return list(found) if len(found) == len(texts) else []


def _stacked(name: str, tables: Sequence[Table]) -> Table:
    """The rows of all tables, one after the other."""
    parts: list[tuple[str, int]] = []
    start = 0
    for table in tables:
        parts.append((table.file, start))
        start += len(table)

    def rows(at: Sequence[int]) -> list[int]:
        found = []
        for number, table in enumerate(tables):
            begin = parts[number][1]
            found += table.rows([i - begin for i in at if begin <= i < begin + len(table)])
        return found

    columns = {
        column: joined([chunk for table in tables for chunk in table.columns[column].chunks])
        for column in tables[0].columns
    }
    partial_ = any(table.partial for table in tables)
    return Table(name, columns, rows=rows, parts=parts, partial=partial_)


def _without_na(column: Any, na: Collection[str]) -> Any:
    """The column with null in place of the values that stand for a missing one."""
    kind = column.type
    if not na:
        return column
    if pa.types.is_string(kind):
        missing = pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(na, pa.string()))
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = [float(text) for text in na if _is_number(text)]
        missing = pc.is_in(column.cast(pa.float64()), value_set=pa.array(numbers, pa.float64()))
    else:
        return column
    return pc.if_else(missing, pa.scalar(None, kind), column)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
