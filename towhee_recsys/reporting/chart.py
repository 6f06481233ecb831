"""Lay out a panel's lines and ticks in an SVG of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from towhee_recsys.reporting.curves import Line, Panel


@dataclass(frozen=True)
class Dot:
    """A point of a line, in the SVG's units and as a measured value."""

    x: float
    y: float
    epoch: float
    value: float
    best: bool
    """Whether it is the best point of its line."""


@dataclass(frozen=True)
class Chart:
    """A panel in the units of its SVG, with y downwards."""

    panel: Panel
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[tuple[int, list[Dot]]]
    """Each line's member and points."""

    width: ClassVar = 360
    height: ClassVar = 230
    left: ClassVar = 46
    right: ClassVar = 346
    top: ClassVar = 20
    bottom: ClassVar = 196

    @classmethod
    def of(cls, panel: Panel) -> Chart:
        """The chart of a panel."""
        last = max(epoch for epoch, _ in panel.points)
        values = [value for _, value in panel.points]
        low = min(values) if panel.floor is None else panel.floor
        along, up = ticks(0, last), ticks(low, max(values))

        def x(epoch: float) -> float:
            return round(cls.left + epoch / last * (cls.right - cls.left), 1)

        def y(value: float) -> float:
            share = (value - up[0]) / (up[-1] - up[0])
            return round(cls.bottom - share * (cls.bottom - cls.top), 1)

        def dots(line: Line) -> list[Dot]:
            return [Dot(x(e), y(v), e, v, (e, v) == line.best) for e, v in line.points]

        return cls(
            panel=panel,
            x_ticks=[(x(t), text) for t, text in labelled(along) if t <= last],
            y_ticks=[(y(t), text) for t, text in labelled(up)],
            lines=[(line.member, dots(line)) for line in panel.lines],
        )


def ticks(low: float, high: float) -> list[float]:
    """Two to seven round numbers that enclose both ends."""
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    size = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = next(m * size for m in (1, 2, 5, 10) if (high - low) / (m * size) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def labelled(places: Sequence[float]) -> list[tuple[float, str]]:
    """The ticks with their texts, which have just enough decimals to differ."""
    decimals = max(0, -math.floor(math.log10(places[1] - places[0]) + 1e-9))
    return [(place, f"{place:.{decimals}f}") for place in places]
