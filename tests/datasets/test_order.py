"""What the data does not say about order is drawn at random, and nothing else decides it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset, Histories, sample

DAY = 86_400.0


def _plays(users: int = 40, each: int = 12, items: int = 60, seed: int = 0) -> pd.DataFrame:
    """Each user's interactions in the order of their items' ids, at distinct times."""
    rng = np.random.default_rng(seed)
    rows = [
        (user, int(item), 1e9 + DAY * rng.random())
        for user in range(users)
        for item in np.sort(rng.choice(items, each, replace=False))
    ]
    plays: pd.DataFrame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return plays


def _dataset(plays: pd.DataFrame) -> Dataset:
    return Dataset.from_frames(plays, pd.DataFrame({"item_id": sorted(set(plays["item_id"]))}))


def _ascending(past: Histories) -> float:
    """The share of neighbours in users' histories whose item rows ascend."""
    same = np.diff(past.owners) == 0
    return float(np.mean(np.diff(past.items)[same] > 0))


def test_distinct_timestamps_tell_the_order() -> None:
    plays = _plays()
    dataset = _dataset(plays)
    assert dataset.order == "time"
    assert dataset.histories.ordered
    assert dataset.histories.tied == 0.0
    first = plays[plays["user_id"] == 0].sort_values("timestamp")["item_id"]
    assert dataset.items["item_id"].iloc[dataset.histories.of(0)].tolist() == first.tolist()


@pytest.mark.parametrize(
    "times",
    [
        lambda plays: plays.drop(columns="timestamp"),
        lambda plays: plays.assign(timestamp=1.2e9),
        lambda plays: plays.assign(timestamp=plays["timestamp"] // DAY * DAY),
    ],
    ids=["none", "one for all", "by the day"],
)
def test_without_an_order_one_is_drawn_whatever_the_order_of_the_file(times: object) -> None:
    assert callable(times)
    plays = times(_plays())
    dataset = _dataset(plays)
    assert dataset.order == "unknown"
    assert not dataset.histories.ordered
    assert 0.4 < _ascending(dataset.histories) < 0.6  # not that of the ids
    shuffled = _dataset(plays.sample(frac=1, random_state=1))
    of = {user: row for row, user in enumerate(shuffled.users["user_id"])}
    for row, user in enumerate(dataset.users["user_id"]):
        np.testing.assert_array_equal(dataset.histories.of(row), shuffled.histories.of(of[user]))


def test_a_file_in_time_order_says_the_order_of_equal_timestamps() -> None:
    dataset = replace(_dataset(_plays().assign(timestamp=1.2e9)), file_order=True)
    assert dataset.order == "file"
    assert dataset.histories.ordered
    assert dataset.histories.tied == 1.0
    assert _ascending(dataset.histories) == 1.0


def test_few_equal_timestamps_are_drawn_among_themselves() -> None:
    plays = _plays(users=200, each=9)
    place = plays.groupby("user_id").cumcount().to_numpy()
    dataset = _dataset(plays.assign(timestamp=1e9 + DAY * np.maximum(place, 2)))  # three are equal
    past = dataset.histories
    assert dataset.order == "time"
    assert past.tied == pytest.approx(2 / 8)
    drawn = past.items.reshape(200, 9)
    assert (np.diff(drawn[:, 2:])[:, 1:] > 0).all()
    assert 0.4 < np.mean(np.diff(drawn[:, :3]) > 0) < 0.6


@given(st.permutations(range(20)))
def test_the_draw_does_not_depend_on_the_order_of_the_file(order: list[int]) -> None:
    plays = _plays(users=2, each=10).drop(columns="timestamp")
    one, other = _dataset(plays), _dataset(plays.iloc[order])
    names = [dataset.users["user_id"].tolist() for dataset in (one, other)]
    for user in (0, 1):
        assert (
            one.histories.of(names[0].index(user)).tolist()
            == other.histories.of(names[1].index(user)).tolist()
        )


def test_two_users_with_the_same_items_have_different_draws() -> None:
    plays = pd.DataFrame({"user_id": np.repeat([1, 2], 20), "item_id": [*range(20)] * 2})
    past = _dataset(plays).histories
    assert sorted(past.of(0)) == sorted(past.of(1))
    assert past.of(0).tolist() != past.of(1).tolist()


def test_the_sample_tells_its_order() -> None:
    assert sample().order == "time"
