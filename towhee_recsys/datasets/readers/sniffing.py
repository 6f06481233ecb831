"""Find the encoding and the delimiter of a text file from its beginning."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

DELIMITERS = (",", ";", "\t", "|", "::")
"""What separates the fields of a line in most files."""
PREFERRED = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""The delimiter that the end of a file's name tells."""
SAMPLE = 1 << 16
"""Bytes of a file to look at."""
_RECORDS = 200
_OTHER_COMMA = re.compile(r"(?<![0-9]),|,(?![0-9])")
"""A comma that is no decimal mark."""
_BESIDE_DECIMAL_COMMAS = (";", "\t", "::")

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


@dataclass(frozen=True)
class Hints:
    """What is known of a file before its delimiter."""

    preferred: str | None = None
    """The delimiter to take if others do as well."""
    names: Collection[str] = ()
    """Columns that the first line may name. A delimiter that shows more of them is better."""
    width: int | None = None
    """How many columns there are."""
    quotes: bool = True
    """Whether ``"`` may enclose a field."""
    escape: str | None = None
    """What stands before a quote within quotes."""


def delimiter_of(text: str, hints: Hints) -> str | None:
    """The delimiter that cuts most lines into as many fields as the first; None if none does.

    `text` is whole lines from the beginning of a file.
    """
    ranks: dict[str, tuple[bool, int, float, bool, int]] = {}
    even = set()
    for delimiter in DELIMITERS:
        records = fields(text, delimiter, hints.quotes, hints.escape)
        if not records or len(records[0]) < 2:
            continue
        width = len(records[0])
        found = len(set(hints.names) & set(records[0]))
        alike = sum(len(record) == width for record in records)
        even |= {delimiter} if alike == len(records) else set()
        share = round(alike / len(records), 1)
        ranks[delimiter] = width == hints.width, found, share, delimiter == hints.preferred, width
    if even.intersection(_BESIDE_DECIMAL_COMMAS) and not _OTHER_COMMA.search(text):
        ranks.pop(",", None)  # all commas are decimal marks
    return max(ranks, key=lambda delimiter: ranks[delimiter], default=None)


def fields(
    text: str, delimiter: str, quotes: bool = True, escape: str | None = None
) -> list[list[str]]:
    """The fields of the first records. ``"`` may enclose a field if the delimiter is one character;
    a longer one, as in ``1::Toy Story``, comes without quotes."""
    lines = io.StringIO(text.replace("\0", ""), newline="")
    if len(delimiter) > 1:
        return [line.rstrip("\r\n").split(delimiter) for line in lines if line.strip()][:_RECORDS]
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        escapechar=escape,
    )
    return list(islice(filter(None, reader), _RECORDS))
