"""Join the parts of dates, which some tables have in columns of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.types import TIMESTAMP

_DIGITS = {"year": 4, "month": 2, "day": 2}


def with_dates(table: Table, parts: Mapping[str, str]) -> Table:
    """The table with a timestamp in place of the parts of its dates.

    A date of which a part is missing is missing. One that there is not is left for the reader of
    timestamps to report.

    Args:
        table: has columns called ``year``, ``month`` and perhaps ``day``.
        parts: these names, and what the file calls them.
    """
    if not all(part in table.columns for part in parts):
        return table  # a problem already
    texts = [
        pc.utf8_lpad(_filled(table.columns[part]), digits, "0")
        for part, digits in _DIGITS.items()
        if part in parts
    ]
    columns = {name: column for name, column in table.columns.items() if name not in parts}
    columns[TIMESTAMP] = pc.binary_join_element_wise(*texts, "-")
    names = {name: called for name, called in table.names.items() if name not in parts}
    return replace(table, columns=columns, names={**names, TIMESTAMP: ", ".join(parts.values())})


def _filled(column: Any) -> Any:
    """The values as text, null if empty."""
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
