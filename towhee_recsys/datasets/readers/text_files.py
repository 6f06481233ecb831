"""Find out how a described text file is written."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import BinaryIO

from towhee_recsys.datasets.readers.delimited import TextFile
from towhee_recsys.datasets.readers.naming import some
from towhee_recsys.datasets.readers.origin import Reading
from towhee_recsys.datasets.readers.paths import open_file, suffix_of
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.sniffing import (
    PREFERRED,
    SAMPLE,
    Hints,
    delimiter_of,
    encoding_of,
    fields,
)
from towhee_recsys.text import short

_HEADER = 60
"""Characters of a line that a message quotes."""


def encoding(start: bytes, reading: Reading) -> str:
    """The encoding of a file that begins with `start`: a byte order mark is certain."""
    found = encoding_of(start)
    return found if found != "utf-8" or not reading.encoding else reading.encoding


def beginning(open_: Callable[[], BinaryIO]) -> bytes:
    """The first bytes of a file."""
    with open_() as file:
        return file.read(SAMPLE)


def text_file(
    name: str,
    path: Path,
    reading: Reading,
    columns: Collection[str],
    problems: Problems,
    private: bool = False,
) -> TextFile | None:
    """The file, ready to be read; None if that is a problem.

    Args:
        name: how problems call it.
        path: where it is.
        reading: what the description says about it.
        columns: the columns that it is said to have.
        problems: where to note what is wrong.
        private: whether it is about people, so that messages quote none of it.
    """
    open_ = partial(open_file, path)
    try:
        start = beginning(open_)
    except (OSError, EOFError) as exc:
        problems.add(name, f"cannot be read: {exc}", "Put a whole file in its place.")
        return None
    written = encoding(start, reading)
    if not _decodes(start, written):
        TextFile(name, open_, encoding=written, private=private).report_encoding(problems)
        return None
    text = _whole_lines(start, written)
    preferred = PREFERRED.get(suffix_of(path))
    named = columns if reading.header is True else ()
    width = len(reading.header) if isinstance(reading.header, tuple) else None
    hints = Hints(preferred, named, width, reading.quotes, reading.escape)
    likely = delimiter_of(text, hints)
    delimiter = reading.delimiter or likely or preferred or ","
    first = next(iter(fields(text, delimiter, reading.quotes, reading.escape)), [])
    if not first:
        problems.add(name, "is empty", "It needs a line of column names, then the rows.")
        return None
    quoted = "" if private else f", {short(first[0], _HEADER)!r}"
    alone = width == 1 or set(first) & set(columns) or (not reading.header and len(columns) < 2)
    if len(first) == 1 and not alone and reading.delimiter and likely:
        problems.add(
            name,
            f"has one column{quoted}; its delimiter seems to be {likely!r}",
            f"Write read: {{delimiter: {_yaml(likely)}}}, or leave the delimiter out: it is found.",
        )
        return None
    if len(first) == 1 and not alone and len(columns) > 1:
        problems.add(
            name,
            f"has one column{quoted}, and no delimiter is found",
            'Say what separates the fields, as in read: {delimiter: " "}.',
        )
        return None
    names = _names(reading, len(first))
    if names and len(names) != len(first):
        problems.add(
            name,
            f"its first line has {_count(len(first), 'field')}, and `header` names "
            f"{_count(len(names), 'column')}",
            "Name all columns, in their order."
            + ("" if private else f" The line begins with {some(first)}."),
        )
        return None
    if names and isinstance(reading.header, tuple) and list(names) == first:
        problems.add(name, "its first line names the columns", "Leave `header` out of read.")
        return None
    quotes = reading.quotes and len(delimiter) == 1
    escape = reading.escape if quotes else None
    return TextFile(
        name, open_, delimiter, names, quotes, escape, encoding=written, private=private
    )


def _whole_lines(start: bytes, written: str) -> str:
    """The beginning as text, without a line that may be cut."""
    text = codecs.getincrementaldecoder(written)("replace").decode(start).lstrip("\ufeff")
    whole, newline, _ = text.rpartition("\n")
    return whole + newline if newline and len(start) >= SAMPLE else text


def _decodes(start: bytes, written: str) -> bool:
    try:
        codecs.getincrementaldecoder(written)().decode(start, final=len(start) < SAMPLE)
    except UnicodeError:
        return False
    return True


def _names(reading: Reading, width: int) -> tuple[str, ...] | None:
    """The columns' names if the file does not hold them."""
    if isinstance(reading.header, tuple):
        return reading.header
    return None if reading.header else tuple(str(place + 1) for place in range(width))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _yaml(delimiter: str) -> str:
    return '"' + delimiter.replace("\t", r"\t") + '"'
