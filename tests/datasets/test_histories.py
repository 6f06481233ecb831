"""Histories are in time order, are computed once, and belong to their own tables."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset, last_two, sample

ITEMS = pd.DataFrame({"item_id": [30, 10, 20, 50, 40]})

interactions = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from([10, 20, 30, 40, 50]), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


def _dataset(rows: list[tuple[int, int, int]], timed: bool = True) -> Dataset:
    """A data set whose file is in time order."""
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    read = Dataset.from_frames(frame if timed else frame.drop(columns="timestamp"), ITEMS)
    return replace(read, file_order=True)


def _naive(rows: list[tuple[int, int, int]], timed: bool) -> dict[int, list[int]]:
    """Each user's items, the first of each pair in time, by time and then by place in the file."""
    placed = sorted(enumerate(rows), key=lambda r: (r[1][2] if timed else 0, r[0]))
    seen: dict[int, list[int]] = defaultdict(list)
    for _, (user, item, _time) in placed:
        if item not in seen[user]:
            seen[user].append(item)
    return seen


def _by_id(dataset: Dataset) -> dict[Any, list[Any]]:
    users, items = dataset.users["user_id"].tolist(), dataset.items["item_id"].to_numpy()
    return {user: items[dataset.histories.of(row)].tolist() for row, user in enumerate(users)}


@given(interactions, st.booleans())
def test_histories_and_split_equal_a_plain_loop(
    rows: list[tuple[int, int, int]], timed: bool
) -> None:
    dataset = _dataset(rows, timed)
    expected = _naive(rows, timed)
    found = dataset.histories
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


@given(interactions, st.booleans())
def test_rows_of_the_reader_equal_rows_looked_up_by_id(
    rows: list[tuple[int, int, int]], timed: bool
) -> None:
    dataset = _dataset(rows, timed)
    again = replace(dataset)  # which does not carry the reader's rows over
    for name in ("offsets", "items", "timestamps"):
        np.testing.assert_array_equal(
            getattr(dataset.histories, name), getattr(again.histories, name)
        )
    assert again.histories.items.dtype == dataset.histories.items.dtype == np.int32


def test_equal_timestamps_keep_the_order_of_a_file_in_time_order() -> None:
    dataset = _dataset([(1, 30, 5), (1, 10, 5), (1, 20, 5), (1, 50, 1)])
    assert _by_id(dataset) == {1: [50, 30, 10, 20]}


def test_users_without_interactions_have_an_empty_history() -> None:
    plays = pd.DataFrame({"user_id": [2, 2, 2], "item_id": [10, 20, 30]})
    users = pd.DataFrame({"user_id": [1, 2, 3]})
    found = replace(Dataset.from_frames(plays, ITEMS, users), file_order=True).histories
    assert found.lengths.tolist() == [0, 3, 0]
    split = last_two(found)
    assert split.train.lengths.tolist() == [0, 1, 0]
    assert split.test.tolist() == [-1, 0, -1]
    assert found.offsets.dtype == np.int64
    assert found.items.dtype == split.test.dtype == split.validation.dtype == np.int32


def test_items_are_counted_by_row() -> None:
    found = _dataset([(1, 10, 1), (2, 10, 1), (2, 40, 2)]).histories
    assert found.item_counts(len(ITEMS)).tolist() == [0, 2, 0, 0, 1]


def test_histories_are_computed_once() -> None:
    dataset = sample()
    assert dataset.histories is dataset.histories


@pytest.mark.parametrize("looked_at_before", [True, False])
def test_a_replaced_table_has_histories_of_its_own(looked_at_before: bool) -> None:
    dataset = _dataset([(1, 10, 1), (1, 20, 2), (2, 30, 3)])
    if looked_at_before:
        assert _by_id(dataset) == {1: [10, 20], 2: [30]}
    fewer = replace(dataset, interactions=dataset.interactions.iloc[1:].reset_index(drop=True))
    assert _by_id(fewer) == {1: [20], 2: [30]}
    turned = replace(dataset, items=dataset.items.iloc[::-1].reset_index(drop=True))
    assert _by_id(turned) == _by_id(dataset) == {1: [10, 20], 2: [30]}
    assert turned.histories.items.tolist() != dataset.histories.items.tolist()
    assert isinstance(fewer, Dataset)


@given(interactions, st.booleans(), st.integers(1, 50))
def test_batches_hold_every_history_once(
    rows: list[tuple[int, int, int]], timed: bool, size: int
) -> None:
    dataset = _dataset(rows, timed)
    batches = list(dataset.history_batches(size))
    ids = [user for batch in batches for user in batch.user_ids]
    assert ids == dataset.users["user_id"].tolist()
    found = {u: items for b in batches for u, items in zip(b.user_ids, b.item_ids, strict=True)}
    assert found == _by_id(dataset)
    for batch in batches:
        assert sum(map(len, batch.item_ids)) <= size or len(batch.user_ids) == 1
        for items, times in zip(batch.item_ids, batch.timestamps, strict=True):
            assert len(times) == len(items)
            assert {type(one) for one in items} == {int}
            assert {type(one) for one in times} == {float}
            assert times == (sorted(times) if timed else list(range(len(items))))


def test_batches_pass_over_users_without_interactions() -> None:
    plays = pd.DataFrame(
        {"user_id": ["b", "b", "d"], "item_id": ["x", "y", "y"], "timestamp": [2.5, 1, 4]}
    )
    users, items = pd.DataFrame({"user_id": list("abcd")}), pd.DataFrame({"item_id": ["x", "y"]})
    dataset = Dataset.from_frames(plays, items, users)
    assert list(dataset.history_batches()) == [
        (["b", "d"], [["y", "x"], ["y"]], [[1.0, 2.5], [4.0]])
    ]
    assert [batch.user_ids for batch in dataset.history_batches(1)] == [["b"], ["d"]]
