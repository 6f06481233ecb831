"""What was forgotten stays away from the next ingest, until it is restored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures.stack import Stack

from towhee_recsys import Dataset
from towhee_recsys.datasets import HistoryBatch
from towhee_recsys.stores.base import RecordStore


@pytest.fixture
def stack(sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path) -> Stack:
    """The ingested sample."""
    stack = Stack(tmp_path, sample_bundle_path)
    stack.ingest(sample_dataset)
    return stack


def known(store: RecordStore, user: int) -> tuple[Any, list[Any]]:
    return store.get_users([user])[0], store.get_histories([user])[0]


def test_users_and_pairs_stay_away_until_they_are_restored(
    stack: Stack, sample_dataset: Dataset
) -> None:
    with stack.stores() as (_, store):
        before = {user: known(store, user) for user in (42, 43)}
        history = before[43][1]
        store.forget_users([42])
        store.remove_interactions(43, [history[0], history[5]])
        left = [item for item in history if item not in (history[0], history[5])]
        assert known(store, 43)[1] == left
    met = len(sample_dataset.interactions)
    gone = len(before[42][1]) + 2
    for _ in range(2):
        report = stack.ingest(sample_dataset)
        assert {name: n for name, n in report.items() if name != "fingerprint"} == {
            "items": 300,
            "users": 399,
            "interactions": met - gone,
            "new_interactions": 0,
            "forgotten_users": 1,
            "forgotten_interactions": gone,
            "left": None,
        }
        with stack.stores() as (_, store):
            assert known(store, 42) == (None, [])
            assert known(store, 43) == (before[43][0], left)
    report = stack.ingest(sample_dataset, restore_forgotten=True)
    assert (report["users"], report["interactions"]) == (400, met)
    assert (report["forgotten_users"], report["forgotten_interactions"]) == (1, gone)
    assert report["new_interactions"] == gone
    with stack.stores() as (_, store):
        assert {user: known(store, user) for user in (42, 43)} == before
    assert stack.ingest(sample_dataset)["forgotten_users"] == 0


def test_only_the_users_of_the_data_are_restored(stack: Stack, sample_dataset: Dataset) -> None:
    with stack.stores() as (_, store):
        store.forget_users([42, "another table's"])
    stack.ingest(sample_dataset, restore_forgotten=True)
    with stack.stores() as (_, store):
        assert list(store.forgotten([42, "another table's"])) == ["another table's"]


def test_a_new_act_of_a_forgotten_user_counts(stack: Stack, sample_dataset: Dataset) -> None:
    with stack.stores() as (_, store):
        store.forget_users([42])
        store.add_interactions([{"user_id": 42, "item_id": 9}])
    assert stack.ingest(sample_dataset)["forgotten_users"] == 1
    with stack.stores() as (_, store):
        assert known(store, 42) == (None, [9])


class Slow(Dataset):
    """Users are forgotten while its histories are being written."""

    store: RecordStore
    pair: int

    def history_batches(self, size: int = 200_000) -> Iterator[HistoryBatch]:
        for batch in super().history_batches(size):
            yield batch
            self.store.forget_users([42])
            self.store.remove_interactions(43, [self.pair])


@pytest.mark.parametrize("restore", [False, True])
def test_what_is_forgotten_during_ingest_is_gone_after_it(
    stack: Stack, sample_dataset: Dataset, restore: bool
) -> None:
    data = Slow.of(sample_dataset)
    with stack.stores() as (_, store):
        pair = known(store, 43)[1][3]
        vars(data).update(store=store, pair=pair)
        store.forget_users([41])
        stack.ingest(data, restore_forgotten=restore)
        assert known(store, 42) == (None, [])
        user, history = known(store, 43)
        assert user
        assert history
        assert pair not in history
        assert bool(known(store, 41)[1]) == restore


@pytest.mark.parametrize("timed", [True, False])
def test_what_a_killed_ingest_wrote_is_gone_after_the_next(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path, timed: bool
) -> None:
    plays = sample_dataset.interactions
    data = Dataset.from_frames(
        plays if timed else plays.drop(columns="timestamp"),
        sample_dataset.items,
        sample_dataset.users,
        schema=sample_dataset.schema,
    )
    stack = Stack(tmp_path, sample_bundle_path)
    stack.ingest(data)
    with stack.stores() as (_, store):
        history, seen = known(store, 43)[1], known(store, 42)[1]
        pair, new = history[3], next(item for item in range(1, 300) if item not in seen)
        store.forget_users([42])
        store.remove_interactions(43, [pair])
        # what an ingest that had begun before still writes until it is killed
        store.put_users(data.user_records())
        for batch in data.history_batches():
            store.add_histories(*batch)
        store.add_interactions([{"user_id": 42, "item_id": new}])
        assert known(store, 42) == (data.user_records()[41], [*seen, new])
        assert pair in known(store, 43)[1]
    assert stack.ingest(data)["forgotten_users"] == 1
    with stack.stores() as (_, store):
        assert known(store, 42) == (None, [new])
        user, kept = known(store, 43)
        assert user
        assert kept == [item for item in history if item != pair]


def test_what_is_removed_at_the_end_leaves_the_disk(
    stack: Stack, sample_dataset: Dataset, tmp_path: Path
) -> None:
    record = {**sample_dataset.user_records()[41], "user_id": 42}
    with stack.stores() as (_, store):
        store.forget_users([42])
        store.erase()
        store.put_users([record])
    written = b'"user_id":42,'

    def holding() -> list[str]:
        return [p.name for p in tmp_path.rglob("*.aof") if written in p.read_bytes()]

    assert holding()
    stack.ingest(sample_dataset)
    assert holding() == []


def test_a_user_without_a_history_is_left_out_too(stack: Stack, sample_dataset: Dataset) -> None:
    with stack.stores() as (_, store):
        store.forget_users([1000])
    users = pd.concat([sample_dataset.users, pd.DataFrame({"user_id": [1000]})])
    data = Dataset.from_frames(
        sample_dataset.interactions, sample_dataset.items, users, schema=sample_dataset.schema
    )
    report = stack.ingest(data)
    assert (report["users"], report["forgotten_users"]) == (400, 1)
    assert report["forgotten_interactions"] == 0
