"""Batches of histories without an order: each item is predicted from others of the same user."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Histories
from towhee_recsys.training.batches import SetBatches, seen_pairs

ITEMS = 50
MOST = 8


def _histories(lists: list[list[int]]) -> Histories:
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in lists]))).astype(np.int64)
    return Histories(offsets, np.array([i for one in lists for i in one], np.int32), ordered=False)


lists = st.lists(
    st.lists(st.integers(0, ITEMS - 1), unique=True, max_size=20), min_size=1, max_size=8
).filter(lambda found: any(found))


@given(lists, st.integers(0, 5))
def test_every_user_is_there_once_with_as_many_items_as_are_read(
    rows: list[list[int]], seed: int
) -> None:
    batches = SetBatches(_histories(rows), ITEMS, MOST, batch_positions=40)
    users = []
    for batch in batches.epoch(np.random.default_rng(seed)):
        assert batch.context is not None
        users += batch.users.tolist()
        flat = batch.codes.reshape(-1)
        assert (flat[batch.positions] == batch.targets).all()
        assert len(batch.positions) == np.count_nonzero(flat < ITEMS)
        assert (batch.context.reshape(-1)[flat == ITEMS] == 0).all()
        for user, codes, (history, counts) in zip(
            batch.users, batch.codes, batch.seen, strict=True
        ):
            mine = rows[user]
            read = codes[codes < ITEMS].tolist()
            assert len(set(read)) == len(read) == len(counts) == min(len(mine), MOST + 1)
            assert set(read) <= set(mine)
            assert history.tolist() == mine
    assert sorted(users) == [user for user, mine in enumerate(rows) if mine]


def test_all_items_of_a_user_are_masked() -> None:
    batches = SetBatches(_histories([list(range(20))]), ITEMS, MOST, batch_positions=40)
    batch = batches.batch(np.array([0]), np.random.default_rng(0))
    positions, columns = seen_pairs(batch, np.arange(ITEMS), ITEMS)
    assert sorted(zip(positions.tolist(), columns.tolist(), strict=True)) == [
        (position, item) for position in range(MOST + 1) for item in range(20)
    ]


def test_half_of_the_users_have_everything_to_read() -> None:
    batches = SetBatches(_histories([list(range(9))] * 2_000), ITEMS, MOST, batch_positions=40)
    batch = batches.batch(np.arange(2_000), np.random.default_rng(0))
    assert batch.context is not None
    shares = batch.context.mean(axis=1)
    assert 0.5 < (shares == 1).mean() < 0.6  # a half, and those of the others who drew so
    assert (shares == 0).mean() > 0.01
