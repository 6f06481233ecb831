"""Curves become lines, ticks and positions in a chart."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.reporting.chart import Chart, labelled, ticks
from towhee_recsys.reporting.curves import panels

CURVE = [
    {"member": 1, "epoch": 1.0, "loss": 7.0, "hr@10": 0.1, "ndcg@10": 0.05},
    {"member": 0, "epoch": 2.0, "loss": 6.0, "hr@10": 0.3, "ndcg@10": 0.15},
    {"member": 0, "epoch": 1.0, "loss": 7.5, "hr@10": 0.2, "ndcg@10": 0.2},
]


def test_panels_have_a_line_for_each_member() -> None:
    loss, ndcg, hr = panels(CURVE)
    assert [panel.name for panel in (loss, ndcg, hr)] == ["loss", "ndcg@10", "hr@10"]
    assert [line.member for line in loss.lines] == [0, 1]
    assert loss.lines[0].points == [(1.0, 7.5), (2.0, 6.0)]
    assert loss.best is None
    assert [line.best for line in ndcg.lines] == [(1.0, 0.2), (1.0, 0.05)]
    assert (ndcg.best, hr.best) == ((1.0, 0.2), (2.0, 0.3))


def test_only_measured_metrics_are_drawn() -> None:
    assert panels([]) == []
    (loss,) = panels([{"member": 0, "epoch": 1.0, "loss": 1.0, "hr@10": math.nan}])
    assert loss.name == "loss"


def test_positions_in_the_chart() -> None:
    _, ndcg, _ = panels(CURVE)
    chart = Chart.of(ndcg)
    (_, zero), (_, one) = chart.lines
    assert [dot.x for dot in zero] == [(46 + 346) / 2, 346]
    assert zero[0].y == chart.top  # 0.2, the uppermost tick
    assert zero[0].y < zero[1].y < one[0].y <= chart.bottom
    assert [dot.best for dot in zero] == [True, False]
    assert [text for _, text in chart.y_ticks] == ["0.00", "0.05", "0.10", "0.15", "0.20"]
    loss = Chart.of(panels(CURVE)[0])
    assert loss.y_ticks[0][1] == "6.0"


def test_single_point_is_drawn() -> None:
    (panel,) = panels([{"member": 0, "epoch": 0.4, "loss": 3.0}])
    ((_, (dot,)),) = Chart.of(panel).lines
    assert (dot.x, dot.y) == (Chart.right, (Chart.top + Chart.bottom) / 2)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_enclose_the_values(low: float, span: float) -> None:
    places = ticks(low, low + span)
    slack = 1e-6 * (places[1] - places[0])
    assert places[0] <= low + slack
    assert places[-1] >= low + span - slack
    assert 2 <= len(places) <= 8
    assert len({text for _, text in labelled(places)}) == len(places)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ["0", "2", "4", "6", "8", "10"]),
        (0.031, 0.172, ["0.00", "0.05", "0.10", "0.15", "0.20"]),
    ],
)
def test_ticks_are_round(low: float, high: float, labels: list[str]) -> None:
    assert [text for _, text in labelled(ticks(low, high))] == labels
