"""Lay the items out in two dimensions, so that items with similar vectors are close together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Dataset, Schema
from towhee_recsys.encoders import ItemEncoder
from towhee_recsys.text import title_of

MAX_ITEMS = 4_000
"""Items shown, the most popular ones. This many take about ten seconds."""
MAX_LABELS = 8
"""Labels with a colour of their own. More colours would be hard to tell apart."""
MAX_LANDMARKS = 16
"""Items whose titles are on the map."""

_FEWEST_FOR_TSNE = 50
_WIDTH_OF_A_LETTER, _HEIGHT_OF_A_LINE = 0.0105, 0.032
"""Sizes of a landmark's title, on a map of width 1 and height 1."""


@dataclass(frozen=True)
class ItemMap:
    """N items in two dimensions, the most popular first."""

    points: NDArray[np.float64]
    """``(N, 2)`` from 0 to 1, y upwards."""
    titles: list[str]
    labels: list[str]
    """Each item's label; empty if it has none."""
    groups: NDArray[np.int64]
    """``(N,)``: 1 for the most frequent label, 2 for the next, …; 0 for items without a colour."""
    legend: list[str]
    """The labels with a colour, in order of their groups."""
    sizes: NDArray[np.float64]
    """``(N,)``: the square root of each item's interactions, scaled so that the largest is 1."""
    landmarks: list[int]
    """Popular items, far enough apart for their titles to be readable."""
    column: str | None
    """The column of the labels; None if the data has no such column."""
    method: str
    """``t-SNE`` or ``PCA``."""
    catalogue: int
    """How many items there are, shown or not."""


def map_items(bundle: Bundle, dataset: Dataset, *, limit: int = MAX_ITEMS) -> ItemMap:
    """Encode the most popular items and lay them out.

    Args:
        bundle: the model.
        dataset: the data that it was trained on.
        limit: how many items to show, at most.
    """
    rows = np.argsort(-bundle.popularity, kind="stable")[:limit]
    everything = dataset.item_records()
    records = [everything[row] for row in rows]
    points, method = project(ItemEncoder(bundle).encode(records))
    titles = [title_of(record, dataset.schema.titles) for record in records]
    column = _label_column(dataset.schema)
    labels = [_label(record.get(column)) if column else "" for record in records]
    counts = Counter(filter(None, labels))
    legend = [label for label, _ in counts.most_common(MAX_LABELS)]
    group = {label: i for i, label in enumerate(legend, start=1)}
    sizes = np.sqrt(bundle.popularity[rows])
    return ItemMap(
        points=points,
        titles=titles,
        labels=labels,
        groups=np.array([group.get(label, 0) for label in labels]),
        legend=legend,
        sizes=sizes / max(1.0, float(sizes.max(initial=0))),
        landmarks=_landmarks(points, titles),
        column=column,
        method=method,
        catalogue=len(everything),
    )


def project(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], str]:
    """Project ``(N, size)`` vectors to ``(N, 2)`` points from 0 to 1; also return the method.

    Only the directions count, since lengths mostly show popularity. The same vectors give the same
    points.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.maximum(lengths, 1e-12)
    few = len(vectors) < _FEWEST_FOR_TSNE
    size = min(2 if few else 50, *vectors.shape)
    # A single thread keeps sums in one order. If all vectors are equal, PCA divides by a variance
    # of 0, for a value that is not used.
    with threadpool_limits(1), np.errstate(invalid="ignore"):
        points = PCA(size, random_state=0).fit_transform(directions)
        if not few:
            points = TSNE(
                perplexity=min(30.0, len(vectors) / 4), angle=0.7, max_iter=500, random_state=0
            ).fit_transform(points)
    points = np.pad(points.astype(np.float64), ((0, 0), (0, 2 - points.shape[1])))
    low, span = points.min(axis=0), np.ptp(points, axis=0).max()
    centred = points - low - np.ptp(points, axis=0) / 2
    return centred / max(span, 1e-12) + 0.5, "PCA" if few else "t-SNE"


def _label_column(schema: Schema) -> str | None:
    kinds = ("categorical", "multi_categorical")
    return next((name for name, column in schema.items.items() if column.role in kinds), None)


def _label(value: Any) -> str:
    """The item's label, or the first of several."""
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value)


def _landmarks(points: NDArray[np.float64], titles: list[str]) -> list[int]:
    """The most popular items that have room for their titles."""
    chosen: list[int] = []
    taken: list[tuple[float, float, float]] = []
    for i, (x, y) in enumerate(points[:500]):
        half = _WIDTH_OF_A_LETTER * min(len(titles[i]), 24) / 2
        free = all(
            abs(x - other_x) > half + other_half or abs(y - other_y) > 2 * _HEIGHT_OF_A_LINE
            for other_x, other_y, other_half in taken
        )
        if free and half < x < 1 - half:
            chosen.append(i)
            taken.append((x, y, half))
        if len(chosen) == MAX_LANDMARKS:
            break
    return chosen
