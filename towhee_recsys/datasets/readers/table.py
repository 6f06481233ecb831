"""A table as it was read, before its values are judged: Arrow columns, and where each row stood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.readers.problems import EXAMPLES, Problems


def _from_zero(indices: Sequence[int]) -> list[int]:
    return list(indices)


@dataclass
class Table:
    """Columns under the names that the library gives them."""

    file: str
    """How problems call it."""
    columns: dict[str, Any]
    """Name → `pyarrow.ChunkedArray`."""
    names: dict[str, str] = field(default_factory=dict)
    """Name → what the file calls the column, where that differs."""
    rows: Callable[[Sequence[int]], list[int]] = _from_zero
    """The rows of the file at which these indices stood. Asked only when something is wrong."""

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
        """Note the rows where `bad` is True, if there are any, with their values."""
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
    """Any Arrow array as a `pyarrow.ChunkedArray` of plain values: dictionaries are looked up."""
    column = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    return column


def holds_lists(column: Any) -> bool:
    """Whether each value of an Arrow column is a list."""
    kind = column.type
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def without_nan(column: Any) -> Any:
    """NaN, with which pandas says that a value is missing, as null."""
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def mask(column: Any) -> NDArray[np.bool_]:
    """An Arrow column of truth values without nulls as an array."""
    return np.asarray(column.to_numpy(), dtype=bool)


def _text(value: object) -> str:
    return "" if value is None else str(value)
