"""Every position to learn from occurs, with the items that its user had seen by then."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Histories
from towhee_recsys.training.batches import Batch, Batches, seen_pairs

ITEMS = 15
START = ITEMS

Position = tuple[int, tuple[int, ...], int, frozenset[int]]
"""A user, what the tower reads of the history, the next item, and the items already seen."""


def make(lists: list[list[int]]) -> Histories:
    offsets = np.concatenate([[0], np.cumsum([len(h) for h in lists])]).astype(np.int64)
    return Histories(offsets, np.array([i for h in lists for i in h], np.int32))


def positions(batch: Batch) -> list[Position]:
    """What the arrays of a batch say, position by position."""
    mask = np.zeros((len(batch.positions), ITEMS), bool)
    mask[seen_pairs(batch, np.arange(ITEMS), ITEMS)] = True
    assert len(batch.positions) == len(batch.targets)
    found = []
    for place, target, seen in zip(batch.positions, batch.targets, mask, strict=True):
        row, column = divmod(int(place), batch.codes.shape[1])
        read = tuple(batch.codes[row, : column + 1].tolist())
        hidden = frozenset(np.flatnonzero(seen).tolist())
        found.append((int(batch.users[row]), read, int(target), hidden))
    return found


def window(user: int, history: list[int], end: int, limit: int) -> list[Position]:
    """A naive answer: the tower reads at most `limit` items before ``history[end]``."""
    begin = max(0, end - limit)
    places = []
    for target in range(begin if begin == 0 else begin + 1, end + 1):
        read = tuple(history[begin:target])
        read = (START, *read) if begin == 0 else read
        places.append((user, read, history[target], frozenset(history[:target])))
    return places


histories = st.lists(
    st.lists(st.integers(0, ITEMS - 1), max_size=ITEMS, unique=True), min_size=1, max_size=8
).filter(any)


@given(histories, st.integers(1, 30), st.integers(0, 9))
def test_short_history_occurs_once_an_epoch(lists: list[list[int]], size: int, seed: int) -> None:
    batches = Batches(make(lists), ITEMS, ITEMS, size)
    expected = [p for u, h in enumerate(lists) if h for p in window(u, h, len(h) - 1, ITEMS)]
    found = [p for batch in batches.epoch(np.random.default_rng(seed)) for p in positions(batch)]
    assert Counter(found) == Counter(expected)
    assert len(found) == sum(len(h) for h in lists)


@given(histories, st.integers(1, 6), st.integers(0, 9))
def test_one_window_of_a_long_history_occurs_once_an_epoch(
    lists: list[list[int]], limit: int, seed: int
) -> None:
    batches = Batches(make(lists), ITEMS, limit, 20)
    counted = Counter[int]()
    for batch in batches.epoch(np.random.default_rng(seed)):
        assert batch.codes.shape[1] <= limit + 1
        places = positions(batch)
        for user in batch.users.tolist():
            mine = [p for p in places if p[0] == user]
            history = lists[user]
            end = history.index(mine[-1][2])  # items are unique within a history
            assert mine == window(user, history, end, limit)
            assert end == len(history) - 1 or end >= limit
            counted[user] += 1
    assert counted == Counter(u for u, h in enumerate(lists) if h)


def test_half_of_the_windows_are_the_last_ones() -> None:
    history = list(range(14))
    batches = Batches(make([history]), ITEMS, 4, 100)
    rng = np.random.default_rng(0)
    ends = Counter(int(batch.targets[-1]) for _ in range(2_000) for batch in batches.epoch(rng))
    assert set(ends) == set(range(4, 14))
    # Half, and a tenth of the other half.
    assert ends[13] == pytest.approx(1_100, abs=100)
    assert all(ends[end] == pytest.approx(100, abs=40) for end in range(4, 13))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=60).filter(any), st.integers(0, 99))
def test_batches_have_at_most_batch_positions(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    lists = [rng.permutation(60)[:length].tolist() for length in lengths]
    batches = Batches(make(lists), 60, 40, 200)
    drawn = list(batches.epoch(rng))
    assert all(batch.codes.size <= 200 for batch in drawn)
    assert all(len(batch.positions) <= batch.codes.size for batch in drawn)
    users = np.concatenate([batch.users for batch in drawn])
    assert sorted(users.tolist()) == [u for u, length in enumerate(lengths) if length]


def test_jitter_does_not_enlarge_batches() -> None:
    """Where neighbours differ by less than 5%, some come behind longer ones."""
    lists = [list(range(length)) for length in range(180, 200) for _ in range(5)]
    batches = Batches(make(lists), 200, 300, 2_400)
    for seed in range(20):
        drawn = list(batches.epoch(np.random.default_rng(seed)))
        assert max(batch.codes.size for batch in drawn) <= 2_400
        assert len(drawn) - batches.count in (0, 1)


def test_history_longer_than_a_batch_is_alone() -> None:
    batches = Batches(make([list(range(10)), [1], [2]]), ITEMS, ITEMS, 4)
    drawn = [sorted(b.users.tolist()) for b in batches.epoch(np.random.default_rng(0))]
    assert sorted(drawn) == [[0], [1, 2]]
    assert batches.count == 2


@given(histories, st.lists(st.integers(0, ITEMS - 1), unique=True), st.integers(1, 6))
def test_seen_pairs_equal_a_plain_loop(lists: list[list[int]], pool: list[int], limit: int) -> None:
    batches = Batches(make(lists), ITEMS, limit, 1_000)
    (batch,) = batches.epoch(np.random.default_rng(0))
    mask = np.zeros((len(batch.targets), len(pool)), bool)
    pairs = seen_pairs(batch, np.array(pool, np.int64), ITEMS)
    mask[pairs] = True
    assert mask.sum() == len(pairs[0])  # each pair once
    expected = [
        [item in history[:seen] for item in pool]
        for history, counts in batch.seen
        for seen in counts.tolist()
    ]
    assert mask.tolist() == expected
    met_at_target = [
        item in pool and mask[p, pool.index(item)] for p, item in enumerate(batch.targets.tolist())
    ]
    assert not any(met_at_target)
