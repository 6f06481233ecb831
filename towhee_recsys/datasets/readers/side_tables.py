"""Add the columns of further tables to the table of users or items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from towhee_recsys.datasets.readers.ids import ids
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, mask, one_chunk
from towhee_recsys.datasets.readers.values import role_values
from towhee_recsys.datasets.schema import Column


def with_side_table(
    main: Table, side: Table, id_name: str, columns: Mapping[str, Column], problems: Problems
) -> Table:
    """The main table with the columns of `side`, which has any number of rows an id.

    The labels of a ``multi_categorical`` column are collected from all rows of an id. For other
    roles, more than one row an id is a problem. Rows with an id that the main table lacks are left
    out, with a warning.
    """
    if id_name not in main.columns or id_name not in side.columns:
        return main  # a problem already
    before = len(problems)
    ids([(side, id_name)], problems)
    values = {
        name: pa.chunked_array([pa.Array.from_pandas(role_values(side, name, column, problems))])
        for name, column in columns.items()
        if name in side.columns
    }
    if len(problems) > before:
        return main
    mine, theirs = ids([(main, id_name), (side, id_name)], Problems())
    places = pc.index_in(theirs, value_set=one_chunk(mine))
    remedy = "Add the ids there if they should count."
    wrong = f"is not in {main.file}: these rows are left out"
    side.report(problems, id_name, mask(places.is_null()), wrong, remedy, doubtful=True)
    single = [name for name in values if columns[name].role != "multi_categorical"]
    if single:
        again = pd.Series(theirs.to_pylist(), dtype=object).duplicated().to_numpy()
        names = ", ".join(f"'{side.called(name)}'" for name in single)
        remedy = f"Keep one row for each id, or give {names} the role multi_categorical."
        side.report(problems, id_name, again, "the id is there already", remedy)
        if again.any():
            return main
    rows = places.to_numpy().astype(np.float64)
    added = {
        name: _collected(column, rows, len(main))
        if columns[name].role == "multi_categorical"
        else _placed(column, rows, len(main))
        for name, column in values.items()
    }
    files = {**main.files, **dict.fromkeys(added, side.file)}
    return replace(main, columns={**main.columns, **added}, files=files)


def _placed(column: Any, rows: NDArray[np.float64], size: int) -> Any:
    """The values in the rows of the main table."""
    known = ~np.isnan(rows)
    source = np.full(size, -1)
    source[rows[known].astype(np.int64)] = np.flatnonzero(known)
    return column.take(pa.array(source, mask=source < 0))


def _collected(column: Any, rows: NDArray[np.float64], size: int) -> Any:
    """The labels of all rows of an id, as a list for each row of the main table."""
    labels: list[list[str]] = [[] for _ in range(size)]
    for row, some in zip(rows.tolist(), column.to_pylist(), strict=True):
        if row == row:
            labels[int(row)] += some or ()
    return pa.chunked_array([pa.array(labels, pa.list_(pa.string()))])
