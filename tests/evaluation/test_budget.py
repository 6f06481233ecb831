"""Baselines are measured if they fit into the time; if not, they are left out."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.tiny import cycle

from towhee_recsys import Dataset
from towhee_recsys.evaluation.budget import SHARE, baselines_within


@pytest.fixture(params=[24, 10_001])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    """With few and with many items."""
    return Dataset.from_frames(
        cycle().interactions, pd.DataFrame({"item_id": range(request.param)})
    )


def test_with_time_everything_is_measured(dataset: Dataset) -> None:
    found = baselines_within(dataset, "auto", 1e6)
    assert found.left_out == {}
    assert 0 < found.seconds < SHARE * 1e6


@pytest.mark.parametrize("seconds", [0, 1e-6])
def test_without_time_popularity_alone_is_measured(dataset: Dataset, seconds: float) -> None:
    found = baselines_within(dataset, "auto", seconds)
    expected = "decayed-ease" if len(dataset.items) == 24 else "item-knn"
    assert list(found.left_out) == [expected]
    assert found.left_out[expected] >= 0
    assert found.seconds <= SHARE * seconds


def test_where_nobody_is_evaluated_nothing_is_kept_back() -> None:
    plays = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [1, 2, 1]})
    few = Dataset.from_frames(plays, pd.DataFrame({"item_id": [1, 2]}))
    found = baselines_within(few, "auto", 100.0)
    assert (found.seconds, found.left_out) == (0, {})
