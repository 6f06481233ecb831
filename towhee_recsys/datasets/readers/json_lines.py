"""Read JSON lines, an object a line, into a table."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from towhee_recsys.datasets.readers.arrays import array_of, joined
from towhee_recsys.datasets.readers.origin import Reading
from towhee_recsys.datasets.readers.problems import EXAMPLES, Problems
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.readers.text_files import beginning, encoding

_BATCH = 50_000
"""Lines in memory at once, as Python's objects."""


class JsonLines:
    """A file of JSON lines. Objects may lack keys."""

    def __init__(
        self,
        name: str,
        open_: Callable[[], BinaryIO],
        reading: Reading,
        private: bool = False,
    ) -> None:
        """
        Args:
            name: how problems call it.
            open_: opens it anew each time it is called.
            reading: what the description says about it.
            private: whether it is about people, so that messages quote none of it.
        """
        self.name = name
        self._private = private
        self._open = open_
        self._reading = reading
        self._encoding = reading.encoding or "utf-8"
        self._left_out: list[int] = []
        self._refused = 0

    def header(self, problems: Problems) -> list[str] | None:
        """All keys, in order of appearance; None if the file cannot be read.

        A line that is no object is a problem, and is left out.
        """
        keys: dict[str, None] = {}
        bad: list[tuple[int, str | None]] = []
        refused = 0
        self._left_out = []
        try:
            self._encoding = encoding(beginning(self._open), self._reading)
            for number, line, row in self._rows():
                if row is not None:
                    keys.update(dict.fromkeys(row))
                    continue
                self._left_out.append(number)
                if line.strip():
                    refused += 1
                    quoted = None if self._private else line.strip()
                    bad += [(number, quoted)] if len(bad) < EXAMPLES else []
        except UnicodeError as exc:
            remedy = "Save the file as UTF-8, or name its encoding: read: {encoding: cp1252}, say."
            problems.add(self.name, f"is not {self._encoding}: {exc}", remedy)
            return None
        except (OSError, EOFError) as exc:
            problems.add(self.name, f"cannot be read: {exc}", "Put a whole file in its place.")
            return None
        if refused:
            remedy = 'Write one in each line, as in {"user_id": 7, "item_id": "a"}.'
            problems.add(
                self.name, "a line is not a JSON object", remedy, examples=bad, count=refused
            )
        if not keys and not refused:
            problems.add(self.name, "is empty", "It needs a JSON object in each line.")
        self._refused = refused
        return list(keys) if keys else None

    def read(self, columns: Sequence[str], problems: Problems, *, most: int | None = None) -> Table:
        """Read these keys, after `header`, which has told the problems; of the objects, as many as
        `most` says."""
        arrays: dict[str, list[Any]] = {name: [] for name in columns}
        batch: dict[str, list[Any]] = {name: [] for name in columns}
        size = 0

        def flush() -> None:
            for name, values in batch.items():
                arrays[name].append(array_of(values))
                values.clear()

        for _, _, row in self._rows():
            if row is None:
                continue
            if size == most:
                break
            for name, values in batch.items():
                values.append(row.get(name))
            size += 1
            if size % _BATCH == 0:
                flush()
        flush()
        found = {name: joined(chunks) for name, chunks in arrays.items()}
        return Table(self.name, found, rows=self._lines, partial=self._refused > 0)

    def _rows(self) -> Iterator[tuple[int, str, dict[str, Any] | None]]:
        """The number, text and object of each line; None for a line that is no object."""
        encoding = "utf-8-sig" if self._encoding == "utf-8" else self._encoding
        with io.TextIOWrapper(self._open(), encoding, newline="\n") as text:
            for number, line in enumerate(text, start=1):
                try:
                    row = json.loads(line)
                    if "\\u" in line:
                        json.dumps(row, ensure_ascii=False).encode()  # half of a pair is no text
                except (ValueError, RecursionError):
                    row = None
                yield number, line, row if isinstance(row, dict) else None

    def _lines(self, at: Sequence[int]) -> list[int]:
        """The lines of the objects with these indices."""
        left_out = np.array(self._left_out) - np.arange(len(self._left_out)) - 1
        return [i + 1 + int(np.searchsorted(left_out, i, side="right")) for i in at]
