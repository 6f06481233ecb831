"""Find the encoding and the delimiter of a text file from its beginning."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection

DELIMITERS = (",", ";", "\t", "|", "::")
"""What separates the fields of a line in most files."""
SAMPLE = 1 << 16
"""Bytes of a file to look at."""
_RECORDS = 200

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # it begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(start: bytes) -> str:
    """The encoding that a byte order mark tells; UTF-8 without one."""
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "utf-8")


def delimiter_of(
    text: str, preferred: str | None = None, names: Collection[str] = ()
) -> str | None:
    """The delimiter that cuts most lines into as many fields as the first; None if none does.

    Args:
        text: whole lines from the beginning of a file.
        preferred: the delimiter to take if others do as well.
        names: columns that the first line may name. A delimiter that shows more of them is better.
    """
    best: tuple[tuple[int, float, bool, int], str] | None = None
    for delimiter in DELIMITERS:
        records = fields(text, delimiter)
        if not records or len(records[0]) < 2:
            continue
        width = len(records[0])
        found = len(set(names) & set(records[0]))
        share = sum(len(record) == width for record in records) / len(records)
        rank = (found, round(share, 1), delimiter == preferred, width)
        if best is None or rank > best[0]:
            best = rank, delimiter
    return best[1] if best else None


def fields(text: str, delimiter: str) -> list[list[str]]:
    """The fields of the first records. ``"`` may enclose a field if the delimiter is one character;
    a longer one, as in ``1::Toy Story``, comes without quotes."""
    lines = io.StringIO(text.replace("\0", ""), newline="")
    if len(delimiter) > 1:
        return [line.rstrip("\r\n").split(delimiter) for line in lines if line.strip()][:_RECORDS]
    records: list[list[str]] = []
    for record in csv.reader(lines, delimiter=delimiter):
        if record:
            records.append(record)
        if len(records) == _RECORDS:
            break
    return records
