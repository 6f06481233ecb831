"""Answers → tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from towhee_recsys.types import DEGRADED, ITEM_ID, RANK, ROUTE, SCORE

_SHOWN = 4
"""Columns of a record that fit beside the title."""


def items_table(answer: Sequence[Mapping[str, Any]], title: str | None = None) -> Table:
    """Ranked items with their records: whatever columns they have, the first few."""
    fields = [RANK, SCORE, ITEM_ID, ROUTE, DEGRADED]
    names = list(dict.fromkeys(name for row in answer for name in row if name not in fields))
    names = names[:_SHOWN]
    table = Table(title=title, title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("score", justify="right")
    table.add_column("item", justify="right")
    for name in names:
        table.add_column(escape(name))
    table.add_column("route")
    for row in answer:
        route = str(row[ROUTE])
        if row.get(DEGRADED):
            route += f" (without {', '.join(row[DEGRADED])})"
        table.add_row(
            str(row[RANK]),
            f"{row[SCORE]:.3f}",
            escape(str(row[ITEM_ID])),
            *(escape(as_text(row.get(name))) for name in names),
            route,
        )
    return table


def title_of(record: Mapping[str, Any]) -> str:
    """What to call an item: its first text, or its id."""
    for name, value in record.items():
        if name not in (ITEM_ID, ROUTE) and isinstance(value, str) and value:
            return value
    return f"item {record[ITEM_ID]}"


def as_text(value: object) -> str:
    """A field for people."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
