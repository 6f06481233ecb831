"""Draw panels, findings and the map as PNG files, for slides and messages."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from towhee_recsys.evaluation.bootstrap import Interval
from towhee_recsys.reporting.curves import Panel
from towhee_recsys.reporting.findings import HEADLINES, Findings, highest
from towhee_recsys.reporting.item_map import ItemMap
from towhee_recsys.reporting.palette import ACCENT, FAINT, GROUND, INK, LABELS, REST
from towhee_recsys.text import short

_COLOURS = [on_light for on_light, _ in LABELS]
_ACCENT, _INK, _FAINT, _REST, _GROUND = (
    on_light for on_light, _ in (ACCENT, INK, FAINT, REST, GROUND)
)
_DPI = 160
_LETTERS = 34
"""There is room for so many letters of a name from the data."""

Bar = tuple[str, float, "Interval | None", str]
"""Name, value, 95% interval and colour."""


def draw(panels: Sequence[Panel], findings: Findings | None, item_map: ItemMap) -> dict[str, bytes]:
    """PNG files by name.

    ``map.png`` is always there; ``curves.png``, ``baselines.png`` and ``segments.png`` if there is
    something to show.
    """
    figures = {"map.png": _map(item_map)}
    if panels:
        figures["curves.png"] = _curves(panels)
    if findings:
        figures["baselines.png"] = _baselines(findings)
    if findings and findings.segments:
        figures["segments.png"] = _segments(findings)
    return {name: _png(figure) for name, figure in figures.items()}


def _curves(panels: Sequence[Panel]) -> Figure:
    figure = Figure(figsize=(4.2 * len(panels), 3.4), layout="constrained")
    for axes, panel in zip(_row(figure, len(panels)), panels, strict=True):
        _frame(axes, panel.title, grid="y")
        axes.set_xlabel("epoch", color=_FAINT)
        for line in panel.lines:
            x, y = zip(*line.points, strict=True)
            colour = _COLOURS[line.member % len(_COLOURS)]
            axes.plot(x, y, color=colour, linewidth=2, label=f"member {line.member + 1}")
            if line.best:
                axes.plot(
                    *line.best,
                    "o",
                    color=colour,
                    markersize=8,
                    markeredgecolor=_GROUND,
                    clip_on=False,
                )
        if len(panel.lines) > 1:
            axes.legend(frameon=False, labelcolor=_INK)
        elif panel.best:
            _say(axes, f"{panel.best[1]:.4f}", panel.best, (0, 9), ha="center", weight="bold")
            axes.margins(y=0.16)
        axes.set_xlim(0, None)
        if panel.floor is not None:
            top = max(value for _, value in panel.points) or 1.0
            axes.set_ylim(panel.floor, 1.12 * top)
    return figure


def _baselines(findings: Findings) -> Figure:
    figure = Figure(figsize=(9.6, 1.1 + 0.42 * len(findings.rows)), layout="constrained")
    for axes, metric in zip(_row(figure, len(HEADLINES)), HEADLINES, strict=True):
        _frame(axes, f"{metric.upper()} on the test items", grid="x")
        bars = [
            (
                short(row.name, _LETTERS),
                row.metrics[metric],
                row.intervals.get(metric),
                _ACCENT if row is findings.model else _REST,
            )
            for row in findings.rows
            if metric in row.metrics
        ]
        _bars(axes, bars, highest(findings.rows, metric), bold=1)
    return figure


def _segments(findings: Findings) -> Figure:
    heights = [len(rows) + 1.6 for rows in findings.segments.values()]
    figure = Figure(figsize=(9.6, 0.34 * sum(heights) + 0.5), layout="constrained")
    grid = figure.subplots(
        len(heights), len(HEADLINES), squeeze=False, height_ratios=heights, sharex="col"
    )
    for row, (kind, segments) in enumerate(findings.segments.items()):
        for axes, metric in zip(grid[row], HEADLINES, strict=True):
            _frame(axes, f"{metric.upper()} by {short(kind, _LETTERS)}", grid="x")
            bars: list[Bar] = [
                (
                    f"{short(segment.group, _LETTERS)} ({segment.users:,})",
                    segment.metrics[metric],
                    None,
                    _ACCENT,
                )
                for segment in segments
                if metric in segment.metrics
            ]
            _bars(axes, bars, highest(findings.all_segments, metric))
    return figure


def _bars(axes: Axes, bars: Sequence[Bar], most: float, bold: int = 0) -> None:
    """Draw horizontal bars up to `most`, the first on top, and intervals as thin lines."""
    places = np.arange(len(bars))
    for place, (_, value, interval, colour) in zip(places, bars, strict=True):
        axes.barh(place, value, height=0.62, color=colour)
        if interval:
            axes.plot(interval, (place, place), color=_INK, linewidth=1.4, solid_capstyle="butt")
        end = (max(value, interval[1] if interval else 0), float(place))
        weight = "bold" if place < bold else "normal"
        _say(axes, f"{value:.4f}", end, (5, 0), va="center", weight=weight)
    axes.set_yticks(places, [name for name, *_ in bars], parse_math=False)
    axes.tick_params(axis="y", labelcolor=_INK)
    axes.set_xlim(0, 1.22 * most)
    axes.set_ylim(len(bars) - 0.5, -0.5)


def _map(item_map: ItemMap) -> Figure:
    figure = Figure(
        figsize=(9.6, 1 + 9.4 * max(0.3, float(np.ptp(item_map.points[:, 1])))),
        layout="constrained",
    )
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    x, y = item_map.points.T
    order = np.lexsort((item_map.sizes, item_map.groups > 0))  # popular items on top
    colours = np.array([_REST, *_COLOURS])[item_map.groups]
    if not item_map.legend:
        colours[:] = _ACCENT
    axes.scatter(
        *(x[order], y[order]),
        s=4 + 70 * item_map.sizes[order] ** 2,
        c=colours[order],
        alpha=0.85,
        linewidths=0.3,
        edgecolors=_GROUND,
    )
    for i in item_map.landmarks:
        text = _say(axes, short(item_map.titles[i], 24), (x[i], y[i]), (0, 5), ha="center")
        text.set(
            fontsize=8, weight="bold", path_effects=[withStroke(linewidth=2.5, foreground=_GROUND)]
        )
    for group, label in enumerate(item_map.legend, start=1):
        axes.scatter([], [], s=50, c=_COLOURS[group - 1], label=short(label, 20))
    if item_map.legend:
        if not item_map.groups.all():
            axes.scatter([], [], s=50, c=_REST, label="other")
        legend = figure.legend(
            loc="outside upper center", ncols=5, frameon=False, labelcolor=_INK, fontsize=9
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    shown = f"{len(item_map.points):,} of {item_map.catalogue:,} items"
    about = f" by {short(item_map.column, _LETTERS)}" if item_map.legend and item_map.column else ""
    figure.supxlabel(
        f"{shown}{about} · vectors in two dimensions by {item_map.method}",
        fontsize=8.5,
        color=_FAINT,
        parse_math=False,
    )
    return figure


def _row(figure: Figure, count: int) -> list[Axes]:
    return list(figure.subplots(1, count, squeeze=False)[0])


def _frame(axes: Axes, title: str, grid: Any) -> None:
    axes.set_title(title, loc="left", fontsize=10.5, weight="bold", color=_INK, parse_math=False)
    axes.spines[["top", "right", "left" if grid == "y" else "bottom"]].set_visible(False)
    axes.spines[:].set_color(_REST)
    axes.tick_params(colors=_FAINT, length=0, labelsize=9)
    axes.grid(axis=grid, color=_REST, linewidth=0.6, alpha=0.5)
    axes.set_axisbelow(True)


def _say(
    axes: Axes, text: str, point: tuple[float, float], offset: tuple[float, float], **style: Any
) -> Text:
    """Write text near a point, `offset` in typographic points. A ``$`` is a dollar, not math."""
    style = {"fontsize": 9, "color": _INK, "parse_math": False, **style}
    return axes.annotate(text, point, offset, textcoords="offset points", **style)


def _png(figure: Figure) -> bytes:
    figure.set_facecolor(_GROUND)
    file = BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
