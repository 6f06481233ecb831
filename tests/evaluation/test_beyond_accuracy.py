"""Metrics beyond accuracy equal their definitions, item by item."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from towhee_recsys.datasets import Dataset, Schema
from towhee_recsys.evaluation.beyond_accuracy import (
    coverage,
    diversity,
    item_labels,
    novelty,
    popularity_lift,
)

ITEMS, LABELS = 8, 4

shown = st.lists(
    st.lists(st.integers(0, ITEMS - 1), unique=True, min_size=1, max_size=4),
    min_size=1,
    max_size=5,
)


def _padded(lists: list[list[int]]) -> np.ndarray:
    return np.array([[*one, *[-1] * (4 - len(one))] for one in lists], np.int32)


@given(shown, st.lists(st.integers(0, 9), min_size=ITEMS, max_size=ITEMS))
def test_coverage_and_novelty(lists: list[list[int]], counts: list[int]) -> None:
    padded, array = _padded(lists), np.array(counts)
    listed = [item for one in lists for item in one]
    assert coverage(padded, ITEMS) == len(set(listed)) / ITEMS
    bits = [-math.log2(max(counts[item], 1) / 10) for item in listed]
    assert novelty(padded, array, 10) == pytest.approx(sum(bits) / len(bits))


@given(shown, st.lists(st.integers(1, 9), min_size=ITEMS, max_size=ITEMS))
def test_popularity_lift(lists: list[list[int]], counts: list[int]) -> None:
    before = np.arange(1.0, len(lists) + 1)
    means = [sum(counts[i] for i in one) / len(one) for one in lists]
    expected = (sum(means) / len(means)) / before.mean() - 1
    found = popularity_lift(_padded(lists), np.array(counts), before)
    assert found == pytest.approx(expected)


@given(
    shown,
    st.lists(st.sets(st.integers(0, LABELS - 1)), min_size=ITEMS, max_size=ITEMS),
)
def test_diversity_is_the_mean_distance_of_pairs(
    lists: list[list[int]], labels: list[set[int]]
) -> None:
    dense = np.array([[label in one for label in range(LABELS)] for one in labels], np.float32)
    distances = [
        1 - len(labels[a] & labels[b]) / max(1, len(labels[a] | labels[b]))
        for one in lists
        for a, b in combinations(one, 2)
    ]
    expected = sum(distances) / len(distances) if distances else 0.0
    assert diversity(_padded(lists), csr_array(dense)) == pytest.approx(expected)


def test_labels_are_those_of_all_columns_of_labels() -> None:
    items = pd.DataFrame(
        {
            "item_id": [1, 2, 3],
            "title": ["a word", "another", "third"],
            "genres": [["x", "y"], ["y"], []],
            "maker": ["x", None, "z"],
        }
    )
    schema = Schema.model_validate(
        {"items": {"title": "text", "genres": "multi_categorical", "maker": "categorical"}}
    )
    plays = pd.DataFrame({"user_id": [1], "item_id": [1]})
    labels = item_labels(Dataset.from_frames(plays, items, schema=schema))
    assert labels is not None
    common = (labels @ labels.T).todense()
    # The genre x is not the maker x.
    assert common.tolist() == [[3, 1, 0], [1, 1, 0], [0, 0, 1]]
    bare = Dataset.from_frames(plays, items[["item_id"]])
    assert item_labels(bare) is None
