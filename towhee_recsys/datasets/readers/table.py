"""Hold a table as it was read: unchecked Arrow columns, and the row of each in its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.readers.problems import EXAMPLES, Problems

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
    """Maps indices to rows of the file. Called only if something is wrong."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def called(self, column: str) -> str:
        """What the file calls a column."""
        return self.names.get(column, column)

    def report(
        self,
        problems: Problems,
        column: str,
        bad: NDArray[np.bool_],
        wrong: str,
        remedy: str,
        *,
        quote: bool = True,
    ) -> None:
        """Note the rows in which `bad` is True, if any, with their values."""
        at = np.flatnonzero(bad)
        if not len(at):
            return
        first = at[:EXAMPLES].tolist()
        values = [_text(self.columns[column][i].as_py()) if quote else None for i in first]
        problems.add(
            self.file,
            wrong,
            remedy,
            column=self.called(column),
            examples=zip(self.rows(first), values, strict=False),
            count=len(at),
        )


def chunked(values: Any) -> Any:
    """Any Arrow array as a `pyarrow.ChunkedArray` without dictionaries, all text as ``string``."""
    column = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if pa.types.is_dictionary(column.type):
        entries = pa.array([], column.type.value_type)
        looked_up = [_as_string(one.dictionary).take(one.indices) for one in column.chunks]
        return pa.chunked_array(looked_up, _as_string(entries).type)
    return _as_string(column)


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
