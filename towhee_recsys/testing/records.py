"""Check that a record store keeps the `RecordStore` protocol."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from towhee_recsys.errors import StoreError
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.types import MAX_HISTORY, MAX_ID_LENGTH, Interaction


def interaction(user: Any, item: Any, timestamp: float | None = None) -> Interaction:
    """An interaction, in short."""
    return {"user_id": user, "item_id": item, "timestamp": timestamp}


class RecordStoreConformance:
    """Tests of a `towhee_recsys.stores.base.RecordStore`.

    A subclass gives the fixture ``store``: a store with no records and no histories. Each test
    gets one of its own and may close it.
    """

    def test_records_are_returned_in_the_order_of_the_ids(self, store: RecordStore) -> None:
        one, two = (
            {"item_id": 1, "title": "One"},
            {"item_id": 2, "genres": ["a", "b"], "year": None},
        )
        store.put_items([one, two])
        assert store.get_items([2, 3, 1, 2]) == [two, None, one, two]

    def test_users_and_items_are_separate(self, store: RecordStore) -> None:
        store.put_users([{"user_id": 1, "age": 25}])
        assert store.get_items([1]) == [None]
        assert store.get_users([1]) == [{"user_id": 1, "age": 25}]

    def test_writing_replaces_and_can_be_repeated(self, store: RecordStore) -> None:
        for _ in range(2):
            store.put_items([{"item_id": 1, "title": "old", "year": 1}])
            store.put_items([{"item_id": 1, "title": "new"}])
        assert store.get_items([1]) == [{"item_id": 1, "title": "new"}]
        assert store.counts() == {"items": 1, "users": 0, "histories": 0}

    def test_empty_calls(self, store: RecordStore) -> None:
        store.put_items([])
        store.put_users(iter([]))
        assert store.add_interactions([]) == 0
        assert store.get_items([]) == store.get_users([]) == []
        assert store.get_histories([]) == []
        assert store.counts() == {"items": 0, "users": 0, "histories": 0}

    def test_long_integers_are_exact(self, store: RecordStore) -> None:
        ids = [2**63 - 1, 2**63 - 2, -(2**62), 0]
        store.put_items({"item_id": one, "n": one} for one in ids)
        assert store.get_items(ids) == [{"item_id": one, "n": one} for one in ids]

    def test_texts_are_exact(self, store: RecordStore) -> None:
        ids = [
            "a",
            "A",
            "a ",
            " a",
            "ä",
            "a\u0308",
            "ß",
            "ss",
            "日本",
            "😀",
            "%_",
            "a:b",
            "a\\",
            "'",
        ]
        ids += ["", "0", "00", "x" * MAX_ID_LENGTH, "😀" * MAX_ID_LENGTH]
        records = [{"item_id": one, "text": one, "😀": [one]} for one in ids]
        store.put_items(records)
        assert store.get_items(ids) == records
        assert store.counts()["items"] == len(ids)
        assert store.get_items(["b", "á", "x" * 300, "\ud800"]) == [None] * 4

    def test_invalid_ids_are_refused(self, store: RecordStore) -> None:
        with pytest.raises(StoreError, match=r"item_id.*xxxxx"):
            store.put_items([{"item_id": "x" * (MAX_ID_LENGTH + 1)}])
        with pytest.raises(StoreError, match=r"user_id.*None"):
            store.put_users([{"name": "nobody"}])
        with pytest.raises(StoreError, match=r"item_id.*int64"):
            store.put_items([{"item_id": np.int64(3)}])
        with pytest.raises(StoreError, match=r"user_id.*1\.5"):
            store.add_interactions([interaction(1.5, 1)])
        with pytest.raises(StoreError, match=f"item_id.*{2**63}"):
            store.add_interactions([interaction(1, 2**63)])

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32(1), "\ud800"])
    def test_values_that_json_cannot_hold_are_refused(
        self, store: RecordStore, value: object
    ) -> None:
        with pytest.raises(StoreError, match=r"year.*\b7\b"):
            store.put_items([{"item_id": 7, "year": value}])
        assert store.get_items([7]) == [None]

    def test_many_records_travel_in_batches(self, store: RecordStore) -> None:
        ids = range(2_500)
        store.put_items({"item_id": one} for one in ids)
        assert store.get_items(ids) == [{"item_id": one} for one in ids]
        assert store.counts()["items"] == len(ids)

    def test_histories_are_ordered_by_time_and_then_as_given(self, store: RecordStore) -> None:
        assert (
            store.add_interactions(
                [
                    interaction(1, 10, 5),
                    interaction(2, 10, 1),
                    interaction(1, 11, 3),
                    interaction(1, 12, 5),
                ]
            )
            == 4
        )
        assert store.get_histories([2, 3, 1]) == [[10], [], [11, 10, 12]]
        assert (
            store.add_interactions(
                [interaction(1, 13, 5), interaction(1, 14, 4), interaction(1, 15, 3.5)]
            )
            == 3
        )
        assert store.get_histories([1]) == [[11, 15, 14, 10, 12, 13]]
        assert store.counts() == {"items": 0, "users": 0, "histories": 2}

    def test_a_repeated_interaction_changes_nothing(self, store: RecordStore) -> None:
        store.add_interactions([interaction(1, 10, 1), interaction(1, 11, 2)])
        assert (
            store.add_interactions(
                [interaction(1, 10, 9), interaction(1, 12, 3), interaction(1, 12, 0)]
            )
            == 1
        )
        assert store.get_histories([1]) == [[10, 11, 12]]

    def test_without_a_time_an_interaction_is_the_latest(self, store: RecordStore) -> None:
        future = time.time() + 1e6
        store.add_interactions(
            [interaction(1, 10, future), interaction(1, 11), interaction(1, 12, 1)]
        )
        store.add_interactions(
            [{"user_id": 1, "item_id": 13}, interaction(2, 20), interaction(2, 21, 5)]
        )
        assert store.get_histories([1, 2]) == [[12, 10, 11, 13], [21, 20]]

    def test_history_ids_keep_their_type(self, store: RecordStore) -> None:
        store.add_interactions(
            [interaction("ünï ", "1", 1), interaction("ünï ", "a ", 2), interaction(7, 2**62, 1)]
        )
        assert store.get_histories(["ünï ", "ünï", 7]) == [["1", "a "], [], [2**62]]

    def test_histories_are_added_at_once(self, store: RecordStore) -> None:
        assert store.add_histories([1, "2", 3], [[10, 11], ["a"], []], [[1, 2], [0.5], []]) == 3
        assert store.get_histories([1, "2", 3]) == [[10, 11], ["a"], []]
        assert store.counts()["histories"] == 2
        assert store.add_histories([1, "2"], [[11, 10], ["a"]], [[8, 9], [9]]) == 0
        assert store.add_histories([1, 4, 1], [[12], [7], [13, 12]], [[0], [1], [1.5, 4]]) == 3
        assert store.get_histories([1, 4]) == [[12, 10, 13, 11], [7]]
        assert store.add_histories([], [], []) == 0

    def test_histories_without_times_are_the_latest(self, store: RecordStore) -> None:
        future = time.time() + 1e6
        store.add_histories([1], [[10, 11]], [[future, None]])
        assert store.add_histories([1, 2], [[13, 10], [20, 21]]) == 3
        assert store.get_histories([1, 2]) == [[10, 11, 13], [20, 21]]

    @pytest.mark.parametrize("seed", range(20))
    def test_histories_at_once_equal_single_interactions(
        self, store: RecordStore, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rng = np.random.default_rng(seed)
        monkeypatch.setattr("towhee_recsys.stores.records.documents.MAX_HISTORY", 12)
        for _ in range(3):
            users = rng.integers(0, 4, 3).tolist()
            items = [rng.integers(0, 15, rng.integers(0, 9)).tolist() for _ in users]
            times = [np.round(rng.normal(0, 3, len(one))).tolist() for one in items]
            if rng.random() < 0.5:
                times = [sorted(one) for one in times]
            single = [
                interaction(user, item, moment)
                for user, row, moments in zip(users, items, times, strict=True)
                for item, moment in zip(row, moments, strict=True)
            ]
            other = [interaction(f"single {one['user_id']}", one["item_id"], one["timestamp"])
                     for one in single]  # fmt: skip
            assert store.add_histories(users, items, times) == store.add_interactions(other)
            assert store.get_histories(range(4)) == store.get_histories(
                [f"single {user}" for user in range(4)]
            )

    @pytest.mark.parametrize(
        ("users", "items", "times", "message"),
        [
            ([1, 1.5], [[1], [2]], [[1], [2]], r"user_id is 1\.5"),
            ([1, 2], [[1], [2, True]], [[1], [2, 3]], "item_id is True"),
            ([1, 2], [[1], [2, 2**63]], [[1], [2, 3]], f"item_id is {2**63}"),
            ([1, 2], [[1], [[2]]], [[1], [2]], r"item_id is \[2\]"),
            (
                [1, 2],
                [[1], [2, 3]],
                [[1], [5, float("nan")]],
                "timestamp is nan.* user 2 and item 3",
            ),
            ([1, 2], [[1], [2]], [[1], [float("nan")]], "timestamp is nan.* user 2 and item 2"),
            ([1, 2], [[1], [2]], [[1], ["now"]], "timestamp is 'now'"),
            ([1, 2], [[1], [2]], [[1], [10**400]], "timestamp is "),
            ([1, 2], [[1], [2]], [[1], [True]], "timestamp is True"),
            ([1, 2], [[1], [2, 3]], [[1], [2]], "user 2 has 2 items and 1 timestamps"),
            ([1, 2], [[1]], [[1]], "2 users, 1 lists of items and 1 lists of timestamps"),
        ],
    )
    def test_histories_that_cannot_be_added_are_refused_whole(
        self, store: RecordStore, users: Any, items: Any, times: Any, message: str
    ) -> None:
        with pytest.raises(StoreError, match=message):
            store.add_histories(users, items, times)
        assert store.get_histories([1]) == [[]]

    @pytest.mark.parametrize("value", ["yesterday", float("nan"), True, 10**400, np.int64(5)])
    def test_invalid_timestamps_are_refused(self, store: RecordStore, value: Any) -> None:
        with pytest.raises(StoreError, match=r"timestamp.*user 1 and item 2"):
            store.add_interactions([interaction(1, 2, value)])
        with pytest.raises(StoreError, match=r"user_id.*None"):
            store.add_interactions([{"item_id": 2, "timestamp": value}])

    def test_the_latest_of_a_long_history_are_kept(self, store: RecordStore) -> None:
        store.add_interactions(interaction(1, item, float(item)) for item in range(MAX_HISTORY))
        late, early = interaction(1, -1, MAX_HISTORY + 1.0), interaction(1, -2, -1.0)
        assert store.add_interactions([late, early]) == 1
        assert store.add_interactions([late, early]) == 0
        assert store.get_histories([1]) == [[*range(1, MAX_HISTORY), -1]]

    def test_interactions_are_removed(self, store: RecordStore) -> None:
        store.add_interactions([interaction(1, item, 10.0 * item) for item in (1, 2, 3)])
        assert store.remove_interactions(1, [2, 9]) == 1
        assert store.get_histories([1]) == [[1, 3]]
        assert store.remove_interactions(1, [2]) == 0
        assert store.remove_interactions(7, [2]) == 0
        assert store.add_interactions([interaction(1, 2, 20.0)]) == 1
        assert store.get_histories([1]) == [[1, 2, 3]]

    def test_users_are_forgotten(self, store: RecordStore) -> None:
        store.put_items([{"item_id": 1, "title": "stays"}])
        store.put_users([{"user_id": 1, "age": 30}, {"user_id": 2, "age": 40}])
        store.add_interactions(
            [interaction(1, 1, 1.0), interaction(3, 1, 1.0), interaction(4, 1, 1.0)]
        )
        assert store.forget_users([1, 3, 9]) == 2
        assert store.get_users([1, 2, 3]) == [None, {"user_id": 2, "age": 40}, None]
        assert store.get_histories([1, 3, 4]) == [[], [], [1]]
        assert store.counts() == {"items": 1, "users": 1, "histories": 1}
        assert store.forget_users([1, 3]) == 0
        store.remove_interactions(4, [1])
        assert store.forget_users([4]) == 0
        assert store.forget_users([]) == 0

    def test_forgotten_users_and_interactions_are_listed(self, store: RecordStore) -> None:
        assert store.forgotten([1, "a"]) == {}
        store.add_interactions([interaction(1, 5, 1.0), interaction("a", 5, 1.0)])
        store.forget_users([1, 99])
        store.remove_interactions("a", [5, 6])
        store.remove_interactions("b", [])
        listed = store.forgotten([1, 2, "a", "b", 99, "\ud800"])
        assert list(listed) == [1, "a", 99]
        assert [one.user for one in listed.values()] == [True, False, True]
        assert [item in listed["a"] for item in (5, 6, 7)] == [True, True, False]
        assert 7 in listed[1]
        store.remove_interactions("a", [7])
        store.forget_users(["a"])
        store.remove_interactions("a", [8])
        assert store.forgotten(["a"])["a"].user
        assert store.counts() == {"items": 0, "users": 0, "histories": 0}

    def test_what_is_forgotten_can_be_written_anew(self, store: RecordStore) -> None:
        """The list is for whoever writes old tables. A write is a new act."""
        store.forget_users([1])
        store.put_users([{"user_id": 1, "age": 30}])
        assert store.add_interactions([interaction(1, 5, 1.0)]) == 1
        assert store.get_users([1]) == [{"user_id": 1, "age": 30}]
        assert store.get_histories([1]) == [[5]]
        assert list(store.forgotten([1])) == [1]

    def test_forgotten_users_are_restored(self, store: RecordStore) -> None:
        store.forget_users([1, 2])
        store.remove_interactions(3, [5])
        assert store.restore_forgotten([1, 3, 4]) == 2
        assert list(store.forgotten([1, 2, 3, 4])) == [2]
        assert store.restore_forgotten([1, 3, 4]) == store.restore_forgotten([]) == 0
        store.forget_users([1])
        assert list(store.forgotten([1, 2])) == [1, 2]

    def test_many_users_are_forgotten(self, store: RecordStore) -> None:
        assert store.forget_users(range(2_500)) == 0
        assert len(store.forgotten(range(3_000))) == 2_500
        assert store.restore_forgotten(range(3_000)) == 2_500
        assert store.forgotten(range(3_000)) == {}

    def test_what_was_written_is_taken_back(self, store: RecordStore) -> None:
        """Only what equals it. Whoever is nobody then leaves no key."""
        first: dict[str, Any] = {"user_id": 1, "age": 30, "tags": ["a"]}
        records = [first, {"user_id": 2, "age": 40}]
        past = [interaction(user, item, 1e9 + item / 3) for user in (1, 2, 3) for item in (5, 6)]
        store.put_users(records)
        store.add_interactions(past)
        changed, moved = {"user_id": 2, "age": 41}, interaction(2, 6, 7.0)
        assert store.take_back([records[0], changed, {"user_id": 9}], [*past[:3], moved]) == 4
        assert store.get_users([1, 2]) == [None, records[1]]
        assert store.get_interactions([1, 2, 3]) == [[], [past[3]], past[4:]]
        assert store.counts() == {"items": 0, "users": 1, "histories": 2}
        assert store.forgotten([1, 2, 3]) == {}
        assert store.take_back([records[0]], past[:3]) == store.take_back([], []) == 0

    def test_concurrent_forgetting_loses_nothing(self, store: RecordStore) -> None:
        """Also not the salt, which the first one makes."""
        users = range(8)
        threads = [
            threading.Thread(target=store.remove_interactions, args=(user % 2, [user]))
            for user in users
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = store.forgotten([0, 1])
        assert [user in listed[user % 2] for user in users] == [True] * 8

    def test_a_history_with_its_times(self, store: RecordStore) -> None:
        there = [interaction(1, 5, 2.5), interaction(1, "6", 3.0)]
        store.add_interactions([*reversed(there), interaction("u", 5, 1.0)])
        assert store.get_interactions([1, 2, "u"]) == [there, [], [interaction("u", 5, 1.0)]]

    def test_erasing_says_what_is_left(self, store: RecordStore) -> None:
        store.put_users([{"user_id": 1, "age": 30}])
        store.forget_users([1])
        left = store.erase()
        assert left is None or left.endswith(".")

    def test_concurrent_writers_lose_nothing(self, store: RecordStore) -> None:
        counts: list[int] = []

        def write(writer: int) -> None:
            for step in range(10):
                item = 10 * writer + step
                counts.append(
                    store.add_interactions([interaction(user, item, item) for user in range(3)])
                )

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get_histories(range(3)) == [list(range(60))] * 3
        assert sum(counts) == 180

    def test_ping(self, store: RecordStore) -> None:
        store.ping()

    def test_closing_twice_is_harmless(self, store: RecordStore) -> None:
        store.close()
        store.close()

    def test_calls_after_closing_are_refused(self, store: RecordStore) -> None:
        store.put_items([{"item_id": 1}])
        store.close()
        for call in (
            store.ping,
            store.counts,
            lambda: store.get_items([1]),
            lambda: store.put_users([{"user_id": 1}]),
            lambda: store.add_interactions([interaction(1, 1)]),
            lambda: store.forget_users([1]),
            lambda: store.forgotten([1]),
            store.erase,
        ):
            with pytest.raises(StoreError, match="closed"):
                call()

    def test_with_closes(self, store: RecordStore) -> None:
        with store as opened:
            assert opened is store
            opened.ping()
        with pytest.raises(StoreError, match="closed"):
            store.ping()
