"""Arrange the validations of a training run in panels, one a metric, with a line a member."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PANELS = {
    "loss": "Loss on the training data",
    "ndcg@10": "NDCG@10 on the validation items",
    "hr@10": "HR@10 on the validation items",
}


@dataclass(frozen=True)
class Line:
    """One member's values over the epochs."""

    member: int
    """From 0."""
    points: list[tuple[float, float]]
    """Epoch and value, in order of epochs."""
    best: tuple[float, float] | None
    """The highest point; None for the loss."""


@dataclass(frozen=True)
class Panel:
    """One metric over the epochs."""

    name: str
    title: str
    lines: list[Line]

    @property
    def floor(self) -> float | None:
        """Where the axis of values begins: at 0 for shares, so that small differences look small;
        None for the loss, whose axis may begin anywhere."""
        return None if self.name == "loss" else 0.0

    @property
    def best(self) -> tuple[float, float] | None:
        """The highest point of all lines; None for the loss."""
        marks = [line.best for line in self.lines if line.best]
        return max(marks, key=lambda mark: mark[1], default=None)

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points of all lines."""
        return [point for line in self.lines for point in line.points]


def panels(curve: Sequence[Mapping[str, float]]) -> list[Panel]:
    """A panel for each metric of `Metadata.curve` that has finite values."""
    found = [
        Panel(name, title, [line for line in _lines(curve, name) if line.points])
        for name, title in _PANELS.items()
    ]
    return [panel for panel in found if panel.lines]


def _lines(curve: Sequence[Mapping[str, float]], name: str) -> list[Line]:
    lines = []
    for member in sorted({int(point.get("member", 0)) for point in curve}):
        points = sorted(
            (point["epoch"], point[name])
            for point in curve
            if point.get("member", 0) == member and math.isfinite(point.get(name, math.nan))
        )
        best = max(points, key=lambda point: point[1]) if points and name != "loss" else None
        lines.append(Line(member, points, best))
    return lines
