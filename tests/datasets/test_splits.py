"""Histories are in time order and the split takes each user's last two, as a plain loop would."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset, histories, last_two

ITEMS = pd.DataFrame({"item_id": [30, 10, 20, 50, 40]})

interactions = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from([10, 20, 30, 40, 50]), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


def _dataset(rows: list[tuple[int, int, int]], timed: bool = True) -> Dataset:
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return Dataset.from_frames(frame if timed else frame.drop(columns="timestamp"), ITEMS)


def _naive(rows: list[tuple[int, int, int]], timed: bool) -> dict[int, list[int]]:
    """Each user's items, the first of each pair in time, by time and then by place in the file."""
    placed = sorted(enumerate(rows), key=lambda r: (r[1][2] if timed else 0, r[0]))
    met: dict[int, list[int]] = defaultdict(list)
    for _, (user, item, _time) in placed:
        if item not in met[user]:
            met[user].append(item)
    return met


@given(interactions, st.booleans())
def test_histories_and_split_equal_a_plain_loop(
    rows: list[tuple[int, int, int]], timed: bool
) -> None:
    dataset = _dataset(rows, timed)
    expected = _naive(rows, timed)
    found = histories(dataset)
    split = last_two(found)
    ids = dataset.items["item_id"].to_numpy()
    assert found.lengths.sum() == len(dataset.interactions) == len(rows) - dataset.repeated
    for row, user in enumerate(dataset.users["user_id"]):
        mine = expected[user]
        assert ids[found.of(row)].tolist() == mine
        if len(mine) < 3:
            assert ids[split.train.of(row)].tolist() == mine
            assert split.validation[row] == split.test[row] == -1
        else:
            assert ids[split.train.of(row)].tolist() == mine[:-2]
            assert [ids[split.validation[row]], ids[split.test[row]]] == mine[-2:]


def test_ties_keep_the_order_of_the_file() -> None:
    dataset = _dataset([(1, 30, 5), (1, 10, 5), (1, 20, 5), (1, 50, 1)])
    ids = dataset.items["item_id"].to_numpy()
    assert ids[histories(dataset).of(0)].tolist() == [50, 30, 10, 20]


def test_users_who_met_nothing_have_an_empty_history() -> None:
    met = pd.DataFrame({"user_id": [2, 2, 2], "item_id": [10, 20, 30]})
    users = pd.DataFrame({"user_id": [1, 2, 3]})
    found = histories(Dataset.from_frames(met, ITEMS, users))
    assert found.lengths.tolist() == [0, 3, 0]
    split = last_two(found)
    assert split.train.lengths.tolist() == [0, 1, 0]
    assert split.test.tolist() == [-1, 0, -1]
    assert found.offsets.dtype == np.int64
    assert found.items.dtype == split.test.dtype == split.validation.dtype == np.int32
