"""Read your own CSV, TSV or Parquet tables, which a YAML file describes.

    interactions: {path: plays.csv, user_id: listener, item_id: track, timestamp: played_at}
    users:        {path: listeners.csv, user_id: listener, columns: {country: categorical}}
    items:        {path: tracks.parquet, item_id: track, columns: {title: text, year: number}}

Paths are relative to that file. `users`, `timestamp` and `rating` may be absent. A column with a
usual name (``user_id``, ``userId``, ``item``, …) need not be named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet
import yaml
from pydantic import ValidationError

from towhee_recsys.datasets.contents import Source
from towhee_recsys.datasets.readers.assemble import Parts
from towhee_recsys.datasets.readers.delimited import TextFile
from towhee_recsys.datasets.readers.naming import locate, not_reserved
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, chunked
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.text import explained, near
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

# Each table's required and optional columns, beside `path` and `columns`.
_TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "interactions": ((USER_ID, ITEM_ID), (TIMESTAMP, RATING)),
    "items": ((ITEM_ID,), ()),
    "users": ((USER_ID,), ()),
}
_DELIMITERS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}


def read_tables(path: Path, problems: Problems) -> Parts | None:
    """The tables that the YAML file at `path` describes; None if it describes none."""
    description = _description(path, problems)
    if description is None:
        return None
    digest = hashlib.sha256(path.read_bytes())
    tables: dict[str, Table | None] = {}
    schemas: dict[str, dict[str, Column]] = {"interactions": {}, "items": {}, "users": {}}
    for name in _TABLES:
        if name in description:
            table = description[name]
            schemas[name] = _columns(path.name, name, table.get("columns", {}), problems)
            tables[name] = _table(path, name, table, schemas[name], problems, digest)
        elif name != "users":
            problems.add(
                path.name, f"does not say where the {name} are", f"Add {name}: {{path: …}}."
            )
    return Parts(
        name=str(description.get("name", path.resolve().parent.name)),
        schema=Schema(users=schemas["users"], items=schemas["items"]),
        interactions=tables.get("interactions"),
        items=tables.get("items"),
        users=tables.get("users"),
        source=Source("tables", str(path.resolve()), digest.hexdigest()),
    )


def _description(path: Path, problems: Problems) -> dict[str, Any] | None:
    """The well-formed part of the YAML file's mapping."""
    remedy = "Write it like: items: {path: items.csv, item_id: id, columns: {title: text}}."
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
    except yaml.MarkedYAMLError as exc:
        rows = [(exc.problem_mark.line + 1, None)] if exc.problem_mark else []
        problems.add(path.name, f"is not YAML: {exc.problem}", remedy, examples=rows)
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        problems.add(path.name, f"is not YAML: {exc}", remedy)
        return None
    if not isinstance(read, dict):
        problems.add(path.name, "does not describe any tables", remedy)
        return None
    known = {}
    for key, value in read.items():
        if key == "name":
            known[key] = value
        elif key not in _TABLES:
            problems.add(path.name, f"'{key}' is not known", near(str(key), [*_TABLES, "name"]))
        elif not isinstance(value, dict) or not isinstance(value.get("path"), str):
            problems.add(path.name, f"'{key}' does not name a path", f"Write {key}: {{path: …}}.")
        else:
            known[key] = _known_keys(path.name, key, value, problems)
    return known


def _known_keys(file: str, name: str, table: dict[Any, Any], problems: Problems) -> dict[str, Any]:
    keys = ["path", *(() if name == "interactions" else ("columns",)), *sum(_TABLES[name], ())]
    known = {}
    for key, value in table.items():
        wanted = dict if key == "columns" else str
        if key not in keys:
            problems.add(file, f"{name}: '{key}' is not known", near(str(key), keys))
        elif not isinstance(value, wanted):
            what = "the columns and their roles" if key == "columns" else "a name, in quotes"
            problems.add(file, f"{name}: '{key}' is {value!r}", f"Give {what}.")
        else:
            known[key] = value
    return known


def _columns(
    file: str, name: str, columns: Mapping[Any, Any], problems: Problems
) -> dict[str, Column]:
    free = not_reserved(f"{file}, {name}", map(str, columns), problems)
    by_name = {str(key): value for key, value in columns.items()}
    known = {}
    for column in free:
        given = by_name[column]
        try:
            known[column] = Column.model_validate(
                {"role": given} if isinstance(given, str) else given
            )
        except ValidationError as exc:
            wrong = explained(exc, Column.model_fields)
            remedy = "Write a role, or {role: multi_categorical, separator: '|'}."
            problems.add(f"{file}, {name}", wrong, remedy, column=column)
    return known


def _table(
    described_in: Path,
    name: str,
    description: Mapping[str, Any],
    columns: Mapping[str, Column],
    problems: Problems,
    digest: Any,
) -> Table | None:
    file = str(description["path"])
    path = described_in.parent / file
    if not path.is_file():
        there = [p.name for p in path.parent.glob("*.*")] if path.parent.is_dir() else []
        remedy = f"It is looked for at {path.absolute()}. {near(path.name, there)}"
        problems.add(described_in.name, f"{name}: there is no file {file}", remedy)
        return None
    with path.open("rb") as opened:
        for block in iter(partial(opened.read, 1 << 20), b""):
            digest.update(block)
    required, optional = _TABLES[name]
    given = {key: description[key] for key in (*required, *optional) if key in description}
    kind = "".join(path.suffixes[-2:]).lower()
    delimiter = _DELIMITERS.get(kind) or _DELIMITERS.get(path.suffix.lower())
    if delimiter:
        text = TextFile(file, partial(_open, path), delimiter)
        header = text.header(problems)
        if header is None:
            return None
        names = locate(file, header, required, optional, given, list(columns), problems)
        table = text.read(sorted(set(names.values())), problems)
    elif path.suffix.lower() in (".parquet", ".pq"):
        try:
            header = pyarrow.parquet.read_schema(path).names
            names = locate(file, header, required, optional, given, list(columns), problems)
            read = pyarrow.parquet.read_table(path, columns=sorted(set(names.values())))
        except (pa.ArrowInvalid, OSError) as exc:
            problems.add(file, f"is not a Parquet file: {exc}", "Write it again.")
            return None
        arrays = {column: chunked(read.column(column)) for column in read.column_names}
        table = Table(file, arrays, rows=lambda at: [index + 1 for index in at])
    else:
        remedy = "It must be .csv, .csv.gz, .tsv, .tsv.gz or .parquet."
        problems.add(file, "is of a kind that is not read", remedy)
        return None
    if table is None:
        return None
    return Table(file, {n: table.columns[c] for n, c in names.items()}, names, table.rows)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, pa.input_stream(path) if path.suffix == ".gz" else path.open("rb"))
