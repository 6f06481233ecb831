"""Read a delimited text file into a table.

Arrow reads the file at once. Only if something is wrong is it read again, line by line, to say what
and where.
"""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.csv

from towhee_recsys.datasets.readers.naming import report_repeated
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.recoding import Recoded
from towhee_recsys.datasets.readers.table import Table

_BY_CHANCE = 3
"""Fewer lines within quotes may look like rows by chance."""
_NO_QUOTES = "Write read: {quotes: false} if quotes are characters like any other, or close it."
_NEVER_CLOSED = "end of data"
"""What `csv` says of a quote that is open at the end."""
_UNIT = "\x1f"
"""The unit separator, in place of a delimiter of several bytes."""


@dataclass(frozen=True)
class TextFile:
    """A text file with a record a line and delimiters between the fields."""

    name: str
    """How problems call it."""
    open: Callable[[], BinaryIO]
    """Opens the file anew each time it is called."""
    delimiter: str = ","
    """One or more characters."""
    names: tuple[str, ...] | None = None
    """Names of the columns; None if the first line holds them."""
    quotes: bool = True
    """Whether ``"`` may enclose a field."""
    escape: str | None = None
    """What stands before a quote within quotes, beside another quote."""
    skip: int = 0
    """Lines to skip before the first row, if `names` is given."""
    encoding: str = "utf-8"
    private: bool = False
    """Whether it is about people, so that messages quote none of it."""

    def header(self, problems: Problems) -> list[str] | None:
        """The columns' names; None if the file has none or cannot be read."""
        if self.names is not None:
            return list(self.names)
        try:
            first = next((record for _, record in self._records("strict")), None)
        except UnicodeError:
            self.report_encoding(problems)
            return None
        except (OSError, EOFError) as exc:
            problems.add(self.name, f"cannot be read: {exc}", "Put a whole file in its place.")
            return None
        if first is None:
            problems.add(self.name, "is empty", "It needs a line of column names, then the rows.")
            return None
        if any("\n" in name for name in first) and self._report_quotes(len(first), problems):
            return None
        return None if report_repeated(self.name, first, problems, self.private) else first

    def read(
        self,
        columns: Sequence[str],
        problems: Problems,
        types: Mapping[str, Any] | None = None,
        *,
        most: int | None = None,
    ) -> Table | None:
        """Read these columns as text, or as the Arrow `types` if all their values fit; of the rows,
        as many as `most` says.

        Lines with too few or too many fields are problems, and are left out. Returns None if the
        file cannot be read at all.
        """
        header = self.header(problems)
        if header is None:
            return None
        text = dict.fromkeys(columns, pa.string())
        ragged: list[object] = []
        try:
            try:
                read = self._arrow(columns, {**text, **(types or {})}, ragged, most)
            except pa.ArrowInvalid:
                ragged.clear()
                read = self._arrow(columns, text, ragged, most)
        except (pa.ArrowInvalid, UnicodeError) as exc:
            if not self.report_encoding(problems) and not self._report_quotes(
                len(header), problems
            ):
                cause = "" if self.private else f": {exc}"
                problems.add(self.name, f"cannot be read{cause}", "Repair the file.")
            return None
        except (OSError, EOFError) as exc:
            problems.add(self.name, f"cannot be read: {exc}", "Put a whole file in its place.")
            return None
        records = read.num_rows + len(ragged) + self._lines_before_rows()
        whole = most is None or read.num_rows < most
        open_quote = (
            whole and self._spans_lines(records) and self._report_quotes(len(header), problems)
        )
        if ragged and not open_quote:
            self._report_ragged(len(header), problems)
        found = {name: read.column(name) for name in columns}
        return Table(
            self.name,
            found,
            rows=lambda at: self._lines(at, len(header)),
            partial=bool(ragged) or open_quote,
            private=self.private,
        )

    def _arrow(
        self,
        columns: Sequence[str],
        types: Mapping[str, Any],
        ragged: list[object],
        most: int | None,
    ) -> Any:
        def skip(row: object) -> str:
            ragged.append(row)
            return "skip"

        options = (
            pyarrow.csv.ReadOptions(column_names=self.names, skip_rows=self.skip),
            pyarrow.csv.ParseOptions(
                delimiter=self._separator,
                quote_char='"' if self.quotes else False,
                escape_char=self.escape or False,
                newlines_in_values=self.quotes,
                invalid_row_handler=skip,
            ),
            pyarrow.csv.ConvertOptions(
                include_columns=list(columns),
                column_types=dict(types),
                strings_can_be_null=False,
            ),
        )
        with self._utf8() as file:
            if most is None:
                return pyarrow.csv.read_csv(file, *options)
            batches = []
            with pyarrow.csv.open_csv(file, *options) as reader:
                for batch in reader:
                    batches.append(batch)
                    if sum(map(len, batches)) >= most:
                        break
                return pa.Table.from_batches(batches, reader.schema).slice(0, most)

    @property
    def _separator(self) -> str:
        """The delimiter as Arrow and `csv` take it: one byte."""
        return self.delimiter if len(self.delimiter.encode()) == 1 else _UNIT

    def _text(self, errors: str = "strict") -> io.TextIOWrapper:
        name = codecs.lookup(self.encoding).name
        name = "utf-8-sig" if name == "utf-8" else name
        return io.TextIOWrapper(self.open(), name, errors, newline="")

    def _utf8(self) -> BinaryIO:
        """The file as UTF-8, with delimiters of one byte."""
        if codecs.lookup(self.encoding).name == "utf-8" and self._separator == self.delimiter:
            return self.open()
        recoded = Recoded(self._text(), self.delimiter, self._separator)
        return cast(BinaryIO, io.BufferedReader(recoded, 1 << 20))

    def _records(self, errors: str = "replace") -> Iterator[tuple[int, list[str]]]:
        """The fields of every record that is not empty, and the line on which it begins."""
        with self._text(errors) as text:
            reader = self._reader(text)
            line = 1
            for record in reader:
                if record:
                    yield line, record
                line = reader.line_num + 1

    def _reader(self, lines: Iterable[str], strict: bool = False) -> Any:
        """A `csv.reader` of lines. It stops at odd quotes if it is strict."""
        csv.field_size_limit(sys.maxsize)
        return csv.reader(
            (  # Python 3.10 refuses NUL
                line.replace("\0", "").replace(self.delimiter, self._separator) for line in lines
            ),
            delimiter=self._separator,
            quoting=csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE,
            escapechar=self.escape,
            strict=strict,
        )

    def _lines(self, at: Sequence[int], width: int) -> list[int]:
        """The lines of the records with these ascending indices, as `read` counts them."""
        wanted = iter(at)
        target = next(wanted, None)
        lines = []
        index = -self._lines_before_rows()
        for line, record in self._records():
            if len(record) != width and index >= 0:
                continue
            if index == target:
                lines.append(line)
                target = next(wanted, None)
                if target is None:
                    break
            index += 1
        return lines

    def _lines_before_rows(self) -> int:
        return 1 if self.names is None else self.skip

    def _spans_lines(self, records: int) -> bool:
        """Whether the file has more lines than these records, so that quotes may hold line ends."""
        if not self.quotes:
            return False
        quoted = False
        ends = {b"\n": 0, b"\r": 0}
        with self._utf8() as file:
            while block := file.read(1 << 20):
                quoted = quoted or b'"' in block
                for end in ends:
                    ends[end] += block.count(end)
                last = block
        return quoted and max(ends.values()) + (last[-1:] not in ends) > records

    def _report_quotes(self, width: int, problems: Problems) -> bool:
        """Note a quote that swallows rows; return False if there is none that is a problem.

        The lines within a quoted value may look like rows by chance, if they are few and the quote
        is closed as it ought to be. That is a warning.
        """
        if not self.quotes:
            return False
        by_chance: list[int] = []
        for line, lines in self._quoted_lines():
            rows = sum(one.count(self.delimiter) == width - 1 for one in lines[1:])
            rows = rows if width > 1 else 0
            fault = self._fault(lines)
            if 2 * rows < len(lines) and _NEVER_CLOSED not in fault:
                continue
            if fault or (rows >= _BY_CHANCE and rows == len(lines) - 1):
                follow = "is not closed"
                if rows:
                    what = "lines that look like rows follow"
                    what = "line that looks like a row follows" if rows == 1 else what
                    follow = f"{rows:,} {what} before it is closed"
                problems.add(self.name, f"row {line}: a quote opens, and {follow}", _NO_QUOTES)
                return True
            by_chance.append(line)
        if by_chance:
            problems.warn(
                self.name,
                "a quote opens, and what looks like a row follows before it is closed",
                _NO_QUOTES,
                examples=[(line, None) for line in by_chance],
                count=len(by_chance),
            )
        return False

    def _quoted_lines(self) -> Iterator[tuple[int, list[str]]]:
        """The lines of each record that has several, and the number of the first one."""
        with self._text("replace") as text:
            lines: list[str] = []
            begin = 1
            for _ in self._reader(_keeping(text, lines)):
                if len(lines) > 1:
                    yield begin, lines
                begin += len(lines)
                lines.clear()

    def _fault(self, lines: Sequence[str]) -> str:
        """What is wrong with the quotes in the lines of a record; empty if nothing is."""
        try:
            list(self._reader(lines, strict=True))
        except csv.Error as exc:
            return str(exc)
        return ""

    def _report_ragged(self, width: int, problems: Problems) -> None:
        bad = [
            (line, f"{len(record)} fields" if self.private else self.delimiter.join(record))
            for line, record in self._records()
            if len(record) != width
        ]
        remedy = "Give it as many as the first line has; quote fields that contain the delimiter."
        if width == 1:
            remedy = (
                "If the file has one column, name a delimiter that no value holds, as in "
                'read: {delimiter: "\\t"}; if it has more, name all of them in the first line.'
            )
        elif self.escape is None and any("\\" in line for _, line in bad):
            remedy += ' If \\" stands for a quote within quotes, write read: {escape: "\\\\"}.'
        problems.add(
            self.name,
            f"a line does not have {width} field{'' if width == 1 else 's'}",
            remedy,
            examples=bad,
            count=len(bad),
            quoted=not self.private,
        )

    def report_encoding(self, problems: Problems) -> bool:
        """Note the first byte that the encoding does not have; return False if there is none."""
        if codecs.lookup(self.encoding).name != "utf-8":
            return self._report_other_encoding(problems)
        position = 0
        with self.open() as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError as exc:
                    at = position + exc.start
                    quoted = None if self.private else line.decode("latin-1").strip()
                    problems.add(
                        self.name,
                        f"is not UTF-8: byte 0x{line[exc.start]:02x} at position {at}",
                        "Save the file as UTF-8, or name its encoding: "
                        "read: {encoding: cp1252}, say.",
                        examples=[(number, quoted)],
                    )
                    return True
                position += len(line)
        return False

    def _report_other_encoding(self, problems: Problems) -> bool:
        try:
            with self._text() as text:
                while text.read(1 << 20):
                    pass
        except UnicodeError as exc:
            remedy = "Name another one as read: {encoding: …}, or save the file as UTF-8."
            problems.add(self.name, f"is not {self.encoding}: {exc}", remedy)
            return True
        return False


def _keeping(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    """The lines; each is in `kept` once it was asked for."""
    for line in lines:
        kept.append(line)
        yield line
