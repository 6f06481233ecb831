"""Look at files: which of them hold tables, how they are written, and what their columns hold."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.describing.roles import guess
from towhee_recsys.datasets.describing.seen import Kind, SeenColumn, SeenTable
from towhee_recsys.datasets.describing.times import looks_like_time
from towhee_recsys.datasets.describing.vocabulary import ID, ITEM, TEXT, TITLE, USER
from towhee_recsys.datasets.readers.missing import looks_missing
from towhee_recsys.datasets.readers.naming import Wanted
from towhee_recsys.datasets.readers.origin import Origin, Reading
from towhee_recsys.datasets.readers.paths import kind_of, open_file, suffix_of
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.sniffing import (
    PREFERRED,
    Hints,
    delimiter_of,
    encoding_of,
    fields,
)
from towhee_recsys.datasets.readers.sources import read_source
from towhee_recsys.datasets.readers.table import Table, holds_lists
from towhee_recsys.datasets.readers.text_files import beginning
from towhee_recsys.text import listed
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

MOST_ROWS = 1_000_000
"""Rows of a table that are looked at."""
_ENCODINGS = ("utf-8", "cp1252", "latin-1")
"""Tried in this order. The last one fits any file."""
_LEVELS = 22
"""A rating has fewer different values."""
_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_POINT = re.compile(r"[+-]?\d+\.\d+")
_INTEGER = re.compile(r"[+-]?\d+")
_CODE = re.compile(r"[A-Z]{2}")
_MOST_NAMED = 4
"""A comment names so many columns and counts the rest."""


def look(folder: Path, path: str) -> SeenTable | str:
    """The table in a file or folder; or why there is none.

    Args:
        folder: where the description will be.
        path: relative to it, or absolute.
    """
    problems = Problems()
    file = folder / path
    kind = kind_of(file) if file.is_file() else None
    try:
        read = _reading(file) if kind == "text" else {}
        if isinstance(read, str):
            return read
        if kind == "json" and (encoding := _encoding(file)) != "utf-8":
            read = {"encoding": encoding}
        table = _read(folder, path, read, problems)
        if len(problems) and kind == "text":
            without = {**read, "quotes": False}
            again = _read(folder, path, without, others := Problems())
            if again is not None and not len(others) and not any('"' in n for n in again.columns):
                return _seen(path, again, without)
    except (OSError, EOFError, zlib.error) as exc:
        return f"it cannot be read: {exc}"
    if table is None or len(problems):
        return "; ".join(one.wrong for one in problems) or "it cannot be read"
    return _seen(path, table, read)


def _read(folder: Path, path: str, read: Mapping[str, Any], problems: Problems) -> Table | None:
    return read_source(
        folder / "dataset.yaml",
        "table",
        Origin(path=path, read=Reading(**read)),
        _Everything((), private=True),  # it may be about users
        problems,
        hashlib.sha256(),
        MOST_ROWS,
    )


class _Everything(Wanted):
    """All columns, as the table calls them."""

    def locate(self, file: str, header: Sequence[str], problems: Problems) -> dict[str, str] | None:
        if super().locate(file, header, problems) is None:
            return None
        return {name: name for name in header}


def _reading(file: Path) -> dict[str, Any] | str:
    """The settings with which a text file is read; or why it is no table."""
    read: dict[str, Any] = {}
    encoding = _encoding(file)
    start = beginning(lambda: open_file(file))
    marked = encoding_of(start)
    if encoding != "utf-8" and marked == "utf-8":
        read["encoding"] = encoding
    text = codecs.getincrementaldecoder(encoding if marked == "utf-8" else marked)("replace")
    whole, newline, cut = text.decode(start).lstrip("\ufeff").rpartition("\n")
    lines = whole + newline or cut
    usual = PREFERRED.get(suffix_of(file))
    delimiter = delimiter_of(lines, Hints(usual))
    if delimiter is None:
        return "no delimiter is found in it"
    if delimiter != usual:
        read["delimiter"] = delimiter
    if len(delimiter) == 1 and _has_escapes(
        file, marked if marked != "utf-8" else encoding, delimiter
    ):
        read["escape"] = "\\"
    records = fields(lines, delimiter, escape=read.get("escape"))
    if _are_values(records[0]):
        read["header"] = _names(records)
    return read


def _has_escapes(file: Path, encoding: str, delimiter: str) -> bool:
    """Whether ``\\"`` stands within quotes, and no field ends there."""
    escaped = re.compile(rf'"[^"]*\\"(?!\s*(?:{re.escape(delimiter)}|$))')
    with io.TextIOWrapper(open_file(file), encoding, "replace", newline="") as text:
        return any('\\"' in line and escaped.search(line) for line in islice(text, MOST_ROWS))


def _are_values(first: Sequence[str]) -> bool:
    """Whether the first line holds values: its first field is a number, or most look like some."""
    odd = [any(c.isdigit() for c in text) and not any(c.isalpha() for c in text) for text in first]
    return first[0].strip().isdigit() or 2 * sum(odd) > len(first)


def _names(records: Sequence[Sequence[str]]) -> list[str]:
    """Names for the columns of a file without a line of names.

    Interactions begin with the user and the item in most, other tables with an id.
    """
    ids = [record[0] for record in records]
    if len(set(ids)) == len(ids) > 1:
        return ["id", *(f"column_{place}" for place in range(2, len(records[0]) + 1))]
    names: list[str] = []
    left = [USER_ID, ITEM_ID]
    for place, texts in enumerate(zip(*records, strict=False)):
        column = SeenColumn(str(place + 1), "text", Counter(texts), len(texts))
        if TIMESTAMP not in names and looks_like_time(column):
            names.append(TIMESTAMP)
        elif left:
            names.append(left.pop(0))
        elif RATING not in names and column.numbers is not None and len(column.counts) < _LEVELS:
            names.append(RATING)
        else:
            names.append(f"column_{place + 1}")
    return names


def _encoding(file: Path) -> str:
    """The first encoding that fits the whole file."""
    marked = encoding_of(beginning(lambda: open_file(file)))
    if marked != "utf-8":
        return marked
    for encoding in _ENCODINGS[:-1]:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with open_file(file) as opened:
                while block := opened.read(1 << 20):
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return _ENCODINGS[-1]


def _seen(path: str, table: Table, read: Mapping[str, Any]) -> SeenTable:
    counts = {name: _counts(column) for name, column in table.columns.items()}
    rows = len(table)
    raw = {n: SeenColumn(n, _kind(c), counts[n], rows) for n, c in table.columns.items()}
    settings, notes = dict(read), []
    missing = _missing(raw)
    if missing:
        settings["na"] = sorted(missing)
    for value, where in sorted(missing.items()):
        for name in raw:
            del counts[name][value]
        notes.append(f"{value!r} in {_places(where)}")
    commas = [name for name in raw if _has_commas(counts[name])]
    comma = read.get("delimiter") not in (None, ",") and bool(commas)
    if comma and not any(map(_has_points, counts.values())):
        settings["decimal"] = ","
        some = next(text for text in counts[commas[0]] if _COMMA.fullmatch(text))
        notes.append(f"{some} in {commas[0]} is taken for {some.replace(',', '.')}")
    columns = {
        name: SeenColumn(name, one.kind, counts[name], rows, settings.get("decimal", "."))
        for name, one in raw.items()
    }
    values = pa.table(table.columns)
    return SeenTable(path, rows, columns, settings, values, rows < MOST_ROWS, tuple(notes))


def _missing(columns: Mapping[str, SeenColumn]) -> dict[str, dict[str, int]]:
    """The values that stand for a missing one, and how often they occur in which columns.

    A value counts for the whole file, so it is none if it may be an id, a title or a word of text.
    """
    found: dict[str, dict[str, int]] = {}
    real: set[str] = set()
    for name, column in columns.items():
        values = [value for value in column.counts if looks_missing(value)]
        if not values:
            continue
        others = Counter({v: n for v, n in column.counts.items() if v not in values})
        rest = SeenColumn(name, column.kind, others, column.rows)
        role = guess(rest).column
        words = set(column.words)
        named = bool(words & TITLE or (words and words <= USER | ITEM | ID))
        name_or_id = named or (column.is_key and rest.numbers is None)
        prose = bool(words & TEXT) or (role is not None and role.role in ("text", "display"))
        codes = bool(others) and all(map(_CODE.fullmatch, others))
        for value in values:
            a_code = codes and _CODE.fullmatch(value)  # NA is Namibia among codes of countries
            if name_or_id or a_code or (prose and value.isalpha()):
                real.add(value)
            elif not prose:
                found.setdefault(value, {})[name] = column.counts[value]
    return {value: where for value, where in found.items() if value not in real}


def _places(where: Mapping[str, int]) -> str:
    named = [f"{name} ({count:,} row{'' if count == 1 else 's'})" for name, count in where.items()]
    more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    return listed([*named[:_MOST_NAMED], *more])


def _counts(column: Any) -> Counter[str]:
    """How often each value occurs, as text; without empty ones."""
    if holds_lists(column):
        column = pc.list_flatten(column)
    try:
        texts = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return Counter()
    found: Counter[str] = Counter()
    for one in pc.value_counts(texts.combine_chunks()).to_pylist():
        text = (one["values"] or "").strip()
        if text:
            found[text] += one["counts"]
    return found


def _kind(column: Any) -> Kind:
    kind = column.type
    if holds_lists(column):
        return "labels"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    if pa.types.is_boolean(kind):
        return "flag"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "text" if pa.types.is_string(kind) or pa.types.is_null(kind) else "other"


def _has_commas(counts: Counter[str]) -> bool:
    """Whether a column's numbers are written as 3,5. A table of 1,234 and 5,678 has thousands."""
    commas = [text for text in counts if _COMMA.fullmatch(text)]
    numbers = all(_COMMA.fullmatch(text) or _INTEGER.fullmatch(text) for text in counts)
    return numbers and not all(map(_THOUSANDS.fullmatch, commas))


def _has_points(counts: Counter[str]) -> bool:
    """Whether a column's numbers are written as 3.5."""
    numbers = all(_POINT.fullmatch(text) or _INTEGER.fullmatch(text) for text in counts)
    return numbers and any(map(_POINT.fullmatch, counts))
