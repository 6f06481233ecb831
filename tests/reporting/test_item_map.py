"""Similar items are close on the map, which is the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys import Bundle, Dataset
from towhee_recsys.reporting.item_map import map_items, project


def clusters(size: int) -> np.ndarray:
    """Three directions, `size` vectors around each, of any length."""
    rng = np.random.default_rng(0)
    centres = np.eye(3, 32, dtype=np.float32)
    vectors = centres.repeat(size, axis=0) + 0.02 * rng.normal(size=(3 * size, 32))
    return (vectors * rng.uniform(0.5, 2, size=(3 * size, 1))).astype(np.float32)


@pytest.mark.parametrize(("size", "method"), [(5, "PCA"), (30, "t-SNE")])
def test_similar_items_are_close(size: int, method: str) -> None:
    points, how = project(clusters(size))
    assert how == method
    assert points.min() >= 0
    assert points.max() <= 1
    centres = points.reshape(3, size, 2).mean(axis=1)
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, np.arange(3).repeat(size))


def test_same_vectors_give_the_same_map() -> None:
    np.testing.assert_array_equal(project(clusters(20))[0], project(clusters(20))[0])


def test_equal_vectors_give_one_point() -> None:
    points, _ = project(np.zeros((4, 8), np.float32))
    np.testing.assert_array_equal(points, np.full((4, 2), 0.5))
    points, _ = project(np.ones((1, 8), np.float32))
    np.testing.assert_array_equal(points, [[0.5, 0.5]])


def test_map_has_titles_and_labels_of_popular_items(
    sample_bundle: Bundle, sample_dataset: Dataset
) -> None:
    found = map_items(sample_bundle, sample_dataset, limit=40)
    records = sample_dataset.item_records()
    rows = np.argsort(-sample_bundle.popularity, kind="stable")[:40]
    assert found.titles == [records[row]["title"] for row in rows]
    assert found.labels == [(records[row]["genres"] or [""])[0] for row in rows]
    assert (found.column, found.catalogue, len(found.points)) == ("genres", 300, 40)
    counts = [found.labels.count(label) for label in found.legend]
    assert counts == sorted(counts, reverse=True)
    for group, label in zip(found.groups, found.labels, strict=True):
        assert (found.legend[group - 1] if group else None) in (label, None)
    assert found.sizes[0] == 1
    assert found.landmarks[0] < 10


def test_map_without_titles_or_labels(cycle_bundle: Bundle, cycle_dataset: Dataset) -> None:
    found = map_items(cycle_bundle, cycle_dataset)
    assert set(found.titles) == {f"item {i}" for i in range(24)}
    assert sorted(found.legend) == ["high", "low"]
    assert found.method == "PCA"
