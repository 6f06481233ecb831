"""Look at files: which of them hold tables, how they are written, and what their columns hold."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.describing.seen import Kind, SeenColumn, SeenTable
from towhee_recsys.datasets.describing.times import looks_like_time
from towhee_recsys.datasets.doubtful_columns import looks_missing
from towhee_recsys.datasets.readers.naming import Wanted
from towhee_recsys.datasets.readers.origin import Origin, Reading
from towhee_recsys.datasets.readers.paths import kind_of, open_file, suffix_of
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.sniffing import delimiter_of, encoding_of, fields
from towhee_recsys.datasets.readers.sources import read_source
from towhee_recsys.datasets.readers.table import Table, holds_lists
from towhee_recsys.datasets.readers.text_files import beginning
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

MOST_ROWS = 1_000_000
"""Rows of a table that are looked at."""
_PREFERRED = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_ENCODINGS = ("utf-8", "cp1252", "latin-1")
"""Tried in this order. The last one fits any file."""
_LEVELS = 22
"""A rating has fewer different values."""
_COMMA = re.compile(r"[+-]?\d+,\d+")
_INTEGER = re.compile(r"[+-]?\d+")


def look(folder: Path, path: str) -> SeenTable | str:
    """The table in a file or folder; or why there is none.

    Args:
        folder: where the description will be.
        path: relative to it, or absolute.
    """
    problems = Problems()
    file = folder / path
    kind = kind_of(file) if file.is_file() else None
    read = _reading(file) if kind == "text" else {}
    if isinstance(read, str):
        return read
    if kind == "json" and (encoding := _encoding(file)) != "utf-8":
        read = {"encoding": encoding}
    table = read_source(
        folder / "dataset.yaml",
        "table",
        Origin(path=path, read=Reading(**read)),
        _Everything((), private=True),  # it may be about users
        problems,
        hashlib.sha256(),
    )
    if table is None or len(problems):
        return "; ".join(one.wrong for one in problems) or "it cannot be read"
    return _seen(path, table, read)


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
    usual = _PREFERRED.get(suffix_of(file))
    delimiter = delimiter_of(lines, usual)
    if delimiter is None:
        return "no delimiter is found in it"
    if delimiter != usual:
        read["delimiter"] = delimiter
    first = fields(lines, delimiter)[0]
    if _are_values(first):
        read["header"] = _names(fields(lines, delimiter))
    return read


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
    some = {name: column.slice(0, MOST_ROWS) for name, column in table.columns.items()}
    counts = {name: _counts(column) for name, column in some.items()}
    missing = sorted(
        {value for found in counts.values() for value in found if looks_missing(value)}
    )
    for found in counts.values():
        for value in missing:
            del found[value]
    settings = dict(read)
    if missing:
        settings["na"] = missing
    comma = read.get("delimiter") not in (None, ",") and any(map(_has_commas, counts.values()))
    if comma:
        settings["decimal"] = ","
    rows = min(len(table), MOST_ROWS)
    columns = {
        name: SeenColumn(name, _kind(column), counts[name], rows, "," if comma else ".")
        for name, column in some.items()
    }
    return SeenTable(path, len(table), columns, settings, pa.table(some), len(table) == rows)


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
    """Whether a column's numbers are written as 3,5."""
    commas = sum(1 for text in counts if _COMMA.fullmatch(text))
    return commas > 0 and all(_COMMA.fullmatch(t) or _INTEGER.fullmatch(t) for t in counts)
