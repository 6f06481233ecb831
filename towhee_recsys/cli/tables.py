"""Answers → tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from towhee_recsys.types import (
    BECAUSE,
    DEGRADED,
    ITEM_ID,
    POPULAR_AMONG,
    PROBABILITY,
    RANK,
    RESERVED_COLUMNS,
    ROUTE,
    SCORE,
)

if TYPE_CHECKING:
    from towhee_recsys.evaluation import Evaluation

_SHOWN = 4
"""Columns of a record that fit beside the title."""


def items_table(answer: Sequence[Mapping[str, Any]], title: str | None = None) -> Table:
    """Ranked items with their records: whatever columns they have, the first few."""
    fields = RESERVED_COLUMNS | {ITEM_ID}
    names = list(dict.fromkeys(name for row in answer for name in row if name not in fields))
    likely, reasons = (any(name in row for row in answer) for name in (PROBABILITY, BECAUSE))
    names = names[: _SHOWN // 2 if reasons else _SHOWN]
    table = Table(title=title, title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("score", justify="right")
    if likely:
        table.add_column("likely", justify="right")
    table.add_column("item", justify="right")
    for name in names:
        table.add_column(escape(name))
    if reasons:
        table.add_column("because of")
    table.add_column("route")
    for row in answer:
        route = str(row[ROUTE])
        if row.get(POPULAR_AMONG):
            among = ", ".join(f"{name} {as_text(one)}" for name, one in row[POPULAR_AMONG].items())
            route += f" among {escape(among)}"
        if row.get(DEGRADED):
            route += f" (without {', '.join(row[DEGRADED])})"
        because = "\n".join(escape(title_of(reason)) for reason in row.get(BECAUSE, ()))
        table.add_row(
            str(row[RANK]),
            f"{row[SCORE]:.3f}",
            *([f"{row[PROBABILITY]:.1%}" if PROBABILITY in row else ""] if likely else []),
            escape(str(row[ITEM_ID])),
            *(escape(as_text(row.get(name))) for name in names),
            *([because] if reasons else []),
            route,
        )
    return table


def quality_table(result: Evaluation) -> Table:
    """The model's and the baselines' figures, and 95% of by how much the model is ahead."""
    names = ["hr@10", "ndcg@10", "coverage@10", "novelty@10", "diversity@10"]
    names = [name for name in names if name in result.test]
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(name.removesuffix("@10"), justify="right")
    table.add_column("ndcg ahead", justify="right", no_wrap=True)
    rows = {"validation": result.validation, "test": result.test}
    for what, metrics in rows.items():
        table.add_row(what, *(_figure(metrics, name) for name in names))
    for what, other in result.baselines.items():
        low, high = other.gain_interval
        ahead = f"{low:+.3f}…{high:+.3f}"
        table.add_row(f"  {what}", *(_figure(other.test, name) for name in names), ahead)
    return table


def segments_table(result: Evaluation) -> Table:
    """The test by groups of users."""
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for name in ("", "group", "users", "hr@10", "ndcg@10"):
        table.add_column(name, justify="right" if name not in ("", "group") else "left")
    for by, segments in result.segments.items():
        for i, one in enumerate(segments):
            figures = (_figure(one.metrics, name) for name in ("hr@10", "ndcg@10"))
            table.add_row(
                escape(by) if not i else "", escape(one.group), f"{one.users:,}", *figures
            )
        table.add_section()
    return table


def _figure(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4f}" if name in metrics else ""


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
