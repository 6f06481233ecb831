"""Write a report about a bundle: a self-contained page, and PNG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Column, Dataset, holdout_in_words, order_in_words
from towhee_recsys.errors import TrainingError
from towhee_recsys.files import write_folder
from towhee_recsys.reporting import palette
from towhee_recsys.reporting.chart import Chart
from towhee_recsys.reporting.curves import Panel, panels
from towhee_recsys.reporting.findings import HEADLINES, Findings, highest
from towhee_recsys.reporting.item_map import ItemMap, map_items
from towhee_recsys.reporting.plots import draw
from towhee_recsys.text import duration, listed, short

PAGE = "index.html"


def write_report(
    folder: Path, bundle: Bundle, dataset: Dataset, findings: Findings | None = None
) -> Path:
    """Write the report into `folder`, whole or not at all. It replaces an older report.

    Args:
        folder: an absolute path. The files are ``index.html`` and ``map.png``; also ``curves.png``,
            ``baselines.png`` and ``segments.png`` if there is something to show.
        bundle: the model.
        dataset: the data that it was trained on.
        findings: how it was evaluated; None if it was not.

    Returns:
        The path of the page.

    Raises:
        TrainingError: `folder` exists and holds no report. It is left as it is.
    """
    if folder.exists() and not (folder / PAGE).is_file():
        raise TrainingError(f"{folder} exists and holds no report; remove it, or what is in it")
    item_map = map_items(bundle, dataset)
    curves = panels(bundle.metadata.curve)
    page = render(bundle, curves, findings, item_map)
    write_folder(folder, {PAGE: page.encode(), **draw(curves, findings, item_map)})
    return folder / PAGE


def render(
    bundle: Bundle, curves: list[Panel], findings: Findings | None, item_map: ItemMap
) -> str:
    """The page as HTML. Everything that comes from the data is escaped."""
    environment = Environment(
        loader=PackageLoader("towhee_recsys.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=duration,
        highest=highest,
        holdout_in_words=holdout_in_words,
        listed=listed,
        order_in_words=order_in_words,
        short=short,
    )
    meta, schema = bundle.metadata, bundle.schema
    return environment.get_template("report.html").render(
        bundle=bundle,
        meta=meta,
        settings=sorted({**bundle.config.model_dump(), **meta.training, **meta.versions}.items()),
        columns={"items": _read(schema.items), "users": _read(schema.users)},
        members=bundle.config.members,
        charts=[Chart.of(panel) for panel in curves],
        findings=findings,
        headlines=HEADLINES,
        map=item_map,
        dots=_dots(item_map),
        map_height=round(60 + 960 * float(np.ptp(item_map.points[:, 1]))),
        palette=palette,
    )


def _read(columns: Mapping[str, Column]) -> list[str]:
    """The columns that a tower reads."""
    return [name for name, column in columns.items() if column.role != "display"]


def _dots(item_map: ItemMap) -> list[dict[str, Any]]:
    """Items in the units of the map's SVG, 1000 wide, in drawing order: first those without a
    colour, then the others; of each kind the most popular last, on top."""
    top = item_map.points[:, 1].max()
    dots = [
        {
            "x": round(20 + 960 * x, 1),
            "y": round(40 + 960 * (top - y), 1),
            "r": round(2 + 7 * size, 1),
        }
        | {"title": title, "label": label, "group": int(group), "landmark": 0}
        for (x, y), size, title, label, group in zip(
            item_map.points,
            item_map.sizes,
            item_map.titles,
            item_map.labels,
            item_map.groups,
            strict=True,
        )
    ]
    for rank, item in enumerate(item_map.landmarks, start=1):
        dots[item]["landmark"] = rank
    return sorted(dots, key=lambda dot: (dot["group"] > 0, dot["r"]))
