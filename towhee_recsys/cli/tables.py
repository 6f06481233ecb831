"""Lay answers and figures out as tables for the terminal.

A table never cuts an id or a figure. Columns of a record that do not fit beside the title are left
out. Only then the title wraps; a table that is still too wide runs over the terminal's edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import HEAVY_HEAD, SIMPLE
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Column, Table

from towhee_recsys.text import as_text, title_of
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
    from towhee_recsys.bundle import Metadata
    from towhee_recsys.evaluation import Evaluation

_SHOWN = 4
"""Columns of a record that are shown, if they fit."""
_TITLE, _TEXT = 36, 14
"""Letters of a title, and of another text, that a line must have room for."""


class _Stdout(Console):
    def on_broken_pipe(self) -> None:
        raise  # the error that is being handled; rich would exit here


def print_table(table: Table) -> None:
    """Print a table on stdout, at least as wide as its longest words need."""
    console = _Stdout()
    least = _shrink(table)
    console.width = max(console.width, least)
    _spread(table, console.width - least)
    console.print(table)


def print_items(answer: Sequence[Mapping[str, Any]], titles: Sequence[str]) -> None:
    """Print ranked items on stdout, with as many columns of their records as fit.

    Args:
        answer: what a pipeline answered.
        titles: `Schema.titles`.
    """
    print_widest([items_table(answer, titles, shown) for shown in range(_SHOWN, 0, -1)])


def print_widest(tables: Sequence[Table], titles: int = 1) -> None:
    """Print the first of several tables that has room for its texts, or else the last.

    Args:
        tables: the same rows with fewer and fewer columns.
        titles: how many of the first columns of text are titles.
    """
    width = Console().width
    for table in tables:
        _make_room(table, titles)
        for layout in (_lined, _plain):
            if _shrink(layout(table)) <= width:
                print_table(table)
                return
    for column in table.columns:
        column.min_width = None
    print_table(table if _shrink(_lined(table)) <= width else _plain(table))


def _make_room(table: Table, titles: int) -> None:
    """Let texts wrap little, and titles least."""
    texts = [column for column in table.columns if not column.no_wrap]
    for i, column in enumerate(texts):
        room = _TITLE // titles if i < titles else _TEXT
        column.min_width = min(_width(column).maximum, room)


def _lined(table: Table) -> Table:
    table.box, table.padding = HEAVY_HEAD, (0, 1)
    return table


def _plain(table: Table) -> Table:
    """Without the lines, to save space."""
    table.box, table.padding = SIMPLE, (0, 1, 0, 0)
    return table


def _shrink(table: Table) -> int:
    """Make each column as narrow as its longest word; return the width of the table."""
    _spread(table, 0)
    return _measured(table).minimum


def _spread(table: Table, spare: int) -> None:
    """Fix the widths of the columns. Rich would take from the widest, down to less than a word."""
    widths = [_width(column) for column in table.columns]
    wanted = sum(width.span for width in widths)
    for column, width in zip(table.columns, widths, strict=True):
        more = width.span if wanted <= spare else spare * width.span // wanted
        column.width = width.minimum + more


def _width(column: Column) -> Measurement:
    """From its longest word, or its `min_width`, to its longest line."""
    cells = [_measured(cell) for cell in (column.header, *column.cells)]
    longest = max(cell.maximum for cell in cells)
    least = longest if column.no_wrap else max(cell.minimum for cell in cells)
    return Measurement(max(least, column.min_width or 0), longest)


def _measured(what: RenderableType) -> Measurement:
    console = Console(width=10_000)
    return Measurement.get(console, console.options, what)


def items_table(
    answer: Sequence[Mapping[str, Any]], titles: Sequence[str] = (), shown: int = _SHOWN
) -> Table:
    """Ranked items with `shown` columns of their records, the title first. A column tells how the
    items were found if there are several ways."""
    fields = RESERVED_COLUMNS | {ITEM_ID}
    there = dict.fromkeys(name for row in answer for name in row if name not in fields)
    names = list(dict.fromkeys([*(name for name in titles if name in there), *there]))
    likely, reasons = (any(name in row for row in answer) for name in (PROBABILITY, BECAUSE))
    names = names[: min(shown, _SHOWN // 2) if reasons else shown]
    table = Table()
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    if likely:
        table.add_column("likely", justify="right", no_wrap=True)
    table.add_column("item", justify="right", no_wrap=True)
    for name in names:
        table.add_column(escape(name))
    if reasons:
        table.add_column("because of")
    routes = list(map(_route, answer))
    several = len(set(routes)) > 1
    if several:
        table.add_column("route")
    for row, route in zip(answer, routes, strict=True):
        table.add_row(
            str(row[RANK]),
            f"{row[SCORE]:.3f}",
            *([f"{row[PROBABILITY]:.1%}" if PROBABILITY in row else ""] if likely else []),
            escape(str(row[ITEM_ID])),
            *(escape(as_text(row.get(name))) for name in names),
            *(["\n".join(escape(title_of(reason, titles)) for reason in row.get(BECAUSE, ()))]
              if reasons else []),
            *([escape(route)] if several else []),
        )  # fmt: skip
    return table


def _route(row: Mapping[str, Any]) -> str:
    """How the item was found."""
    route = str(row[ROUTE])
    if row.get(POPULAR_AMONG):
        among = ", ".join(f"{name} {as_text(one)}" for name, one in row[POPULAR_AMONG].items())
        route += f" among {among}"
    if row.get(DEGRADED):
        route += f" (without {', '.join(row[DEGRADED])})"
    return route


def results_table(meta: Metadata) -> Table:
    """The model's figures beside those of the best baseline on the test items; without a test, on
    the validation items beside those of popularity."""
    from towhee_recsys.bundle.comparison import POPULARITY, TITLES

    found = meta.comparison
    other = (found.title, found.metrics) if found else (TITLES[POPULARITY], meta.popularity)
    split, ours = ("test", meta.test) if found else ("validation", meta.validation)
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    users = "" if meta.evaluated is None else f", {meta.evaluated:,} users"
    table.add_column(split + users, no_wrap=True)
    for name in ("hr@10", "ndcg@10"):
        table.add_column(name.upper(), justify="right", no_wrap=True)
    for who, metrics in (("this model", ours), other):
        table.add_row(who, *(_figure(metrics, name) for name in ("hr@10", "ndcg@10")))
    return table


def quality_table(result: Evaluation) -> Table:
    """The figures of the model and of the baselines, and how far the model is ahead of each."""
    from towhee_recsys.bundle.comparison import TITLES

    names = ["hr@10", "ndcg@10", "coverage@10", "novelty@10", "diversity@10"]
    names = [name for name in names if name in result.test]
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(name.removesuffix("@10"), justify="right", no_wrap=True)
    table.add_column("NDCG gain over it, 95%", justify="right")
    rows = {"validation": result.validation, "test": result.test}
    for what, metrics in rows.items():
        table.add_row(what, *(_figure(metrics, name) for name in names))
    for what, other in result.baselines.items():
        gain = "{:+.3f}…{:+.3f}".format(*other.gain_interval) if other.gain_interval else ""
        table.add_row(f"  {TITLES[what]}", *(_figure(other.test, name) for name in names), gain)
    return table


def segments_table(result: Evaluation) -> Table:
    """The test by groups of users."""
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for name in ("", "group"):
        table.add_column(name)
    for name in ("users", "hr@10", "ndcg@10"):
        table.add_column(name, justify="right", no_wrap=True)
    for by, segments in result.segments.items():
        for i, one in enumerate(segments):
            figures = (_figure(one.metrics, name) for name in ("hr@10", "ndcg@10"))
            table.add_row(
                escape(by) if not i else "", escape(one.group), f"{one.users:,}", *figures
            )
        table.add_section()
    return table


def segments_legend(result: Evaluation) -> str:
    """What the groups of `segments_table` are."""
    from towhee_recsys.evaluation.segments import MISSING, MOST, OTHERS, SMALLEST

    groups = {one.group for segments in result.segments.values() for one in segments}
    lines = {
        "history": "history: thirds of the users, by how many items they had seen before",
        "target": "target: users by the popularity of the held-out item. Of the training\n"
        "  interactions, the most popular items (head), the next ones (middle) and the\n"
        "  others (tail) have a third each; cold items have none.",
    }
    told = [line for by, line in lines.items() if by in result.segments]
    if OTHERS in groups:
        told.append(f"{OTHERS}: labels that are not among the {MOST} with {SMALLEST} users or more")
    if MISSING in groups:
        told.append(f"{MISSING}: users without a label")
    return "\n".join(told)


def _figure(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4f}" if name in metrics else ""
