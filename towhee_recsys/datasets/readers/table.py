"""Hold a table as it was read: unchecked Arrow columns, and the row of each in its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.readers.problems import EXAMPLES, Problems
from towhee_recsys.types import ITEM_ID, USER_ID

_TEXTS = ("large_string", "string_view")
"""Layouts of text that others write, Polars for one."""


def _from_zero(indices: Sequence[int]) -> list[int]:
    return list(indices)


@dataclass
class Table:
    """Columns under the names that the library gives them."""

    file: str
    """How problems call it."""
    columns: dict[str, Any]
    """By name, a `pyarrow.ChunkedArray`."""
    names: dict[str, str] = field(default_factory=dict)
    """By name, what the file calls the column, if that differs."""
    rows: Callable[[Sequence[int]], list[int]] = _from_zero
    """Maps ascending indices to rows of the file. Called only if something is wrong."""
    parts: Sequence[tuple[str, int]] = ()
    """For a table of several files, the name of each and the index of its first row."""
    decimal: str = "."
    """The decimal mark of numbers that are text."""
    time_format: str | None = None
    """How timestamps are written, as `strptime` has it; None for ISO 8601 and numbers."""
    partial: bool = False
    """Whether rows were left out because of a problem."""
    files: dict[str, str] = field(default_factory=dict)
    """By name, the file of a column that comes from another one."""
    private: bool = False
    """Whether it is about people, so that messages quote no values but ids."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def called(self, column: str) -> str:
        """What the file calls a column."""
        return self.names.get(column, column)

    def quotes(self, column: str) -> bool:
        """Whether messages may quote the values of a column."""
        return not self.private or column in (USER_ID, ITEM_ID)

    def report(
        self,
        problems: Problems,
        column: str,
        bad: NDArray[np.bool_],
        wrong: str,
        remedy: str,
        *,
        quote: bool = True,
        doubtful: bool = False,
    ) -> None:
        """Note the rows in which `bad` is True, if any, with their values.

        If they are in several files, the examples are those of the first.

        Args:
            problems: where to note them.
            column: the library's name of the column.
            bad: `(N,)`.
            wrong: what is wrong with these rows.
            remedy: what to change.
            quote: whether the values help. Those of people are not quoted in any case.
            doubtful: whether this is a warning.
        """
        at = np.flatnonzero(bad)
        if not len(at):
            return
        quote = quote and self.quotes(column)
        file, first = self._place(at)
        values = [_text(self.columns[column][i].as_py()) if quote else None for i in first]
        note = problems.warn if doubtful else problems.add
        note(
            file,
            wrong,
            remedy,
            column=self.called(column),
            examples=zip(self.rows(first), values, strict=False),
            count=len(at),
        )

    def _place(self, at: NDArray[np.int64]) -> tuple[str, list[int]]:
        """The file of the rows, and the first few of them that are in one file."""
        if not self.parts:
            return self.file, at[:EXAMPLES].tolist()
        files = np.searchsorted([start for _, start in self.parts], at, side="right") - 1
        others = len(np.unique(files)) - 1
        name = self.parts[files[0]][0]
        more = f" and {others} more file{'s' if others > 1 else ''}" if others else ""
        return name + more, at[files == files[0]][:EXAMPLES].tolist()

    def taken(self, kept: NDArray[np.bool_]) -> Table:
        """The table with the rows in which `kept` is True."""
        original = np.flatnonzero(kept)
        columns = {name: column.filter(pa.array(kept)) for name, column in self.columns.items()}
        parts = [(name, int(np.searchsorted(original, start))) for name, start in self.parts]
        return replace(
            self,
            columns=columns,
            rows=lambda at: self.rows(original[list(at)].tolist()),
            parts=parts,
        )


def chunked(values: Any) -> Any:
    """Any Arrow array as a `pyarrow.ChunkedArray` without dictionaries, all text as ``string``."""
    column = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if pa.types.is_dictionary(column.type):
        entries = pa.array([], column.type.value_type)
        looked_up = [_as_string(one.dictionary).take(one.indices) for one in column.chunks]
        return pa.chunked_array(looked_up, _as_string(entries).type)
    return _as_string(column)


def one_chunk(column: Any) -> Any:
    """The column as one Arrow array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _as_string(array: Any) -> Any:
    """Text in any of Arrow's layouts as ``string``; any other array as it is."""
    return array.cast(pa.string()) if str(array.type) in _TEXTS else array


def holds_lists(column: Any) -> bool:
    """Whether the values of an Arrow column are lists."""
    kind = column.type
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def without_nan(column: Any) -> Any:
    """The column with null in place of NaN, which is pandas' missing value."""
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def mask(column: Any) -> NDArray[np.bool_]:
    """An Arrow column of booleans without nulls, as an array."""
    return np.asarray(column.to_numpy(), dtype=bool)


def _text(value: object) -> str:
    return "" if value is None else str(value)
