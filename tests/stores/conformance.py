"""What every store does, written once; a store's test gives the one fixture ``store``."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from towhee_recsys.errors import IndexMismatch, RequestError, StoreError
from towhee_recsys.stores.base import RecordStore, VectorStore
from towhee_recsys.types import MAX_HISTORY, MAX_ID_LENGTH, VECTOR_SIZE, Interaction


def met(user: Any, item: Any, timestamp: float | None = None) -> Interaction:
    return {"user_id": user, "item_id": item, "timestamp": timestamp}


class RecordStoreConformance:
    def test_records_come_back_in_the_order_asked_for(self, store: RecordStore) -> None:
        one, two = (
            {"item_id": 1, "title": "One"},
            {"item_id": 2, "genres": ["a", "b"], "year": None},
        )
        store.put_items([one, two])
        assert store.get_items([2, 3, 1, 2]) == [two, None, one, two]

    def test_users_and_items_are_apart(self, store: RecordStore) -> None:
        store.put_users([{"user_id": 1, "age": 25}])
        assert store.get_items([1]) == [None]
        assert store.get_users([1]) == [{"user_id": 1, "age": 25}]

    def test_writing_replaces_and_may_be_repeated(self, store: RecordStore) -> None:
        for _ in range(2):
            store.put_items([{"item_id": 1, "title": "old", "year": 1}])
            store.put_items([{"item_id": 1, "title": "new"}])
        assert store.get_items([1]) == [{"item_id": 1, "title": "new"}]
        assert store.counts() == {"items": 1, "users": 0, "histories": 0}

    def test_nothing_to_do(self, store: RecordStore) -> None:
        store.put_items([])
        store.put_users(iter([]))
        assert store.add_interactions([]) == 0
        assert store.get_items([]) == store.get_users([]) == store.get_histories([]) == []
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

    def test_ids_that_cannot_be_keys_are_named(self, store: RecordStore) -> None:
        with pytest.raises(StoreError, match=r"item_id 'xxxxx.* 256 characters"):
            store.put_items([{"item_id": "x" * (MAX_ID_LENGTH + 1)}])
        with pytest.raises(StoreError, match="user_id is None"):
            store.put_users([{"name": "nobody"}])
        with pytest.raises(StoreError, match="int64"):
            store.put_items([{"item_id": np.int64(3)}])
        with pytest.raises(StoreError, match=r"user_id is 1\.5"):
            store.add_interactions([met(1.5, 1)])
        with pytest.raises(StoreError, match=f"item_id is {2**63}: .* 64 bits"):
            store.add_interactions([met(1, 2**63)])

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32(1), "\ud800"])
    def test_what_json_cannot_hold_is_named(self, store: RecordStore, value: object) -> None:
        with pytest.raises(StoreError, match=r"year = .* of the record 7"):
            store.put_items([{"item_id": 7, "year": value}])
        assert store.get_items([7]) == [None]

    def test_many_records_travel_in_batches(self, store: RecordStore) -> None:
        ids = range(2_500)
        store.put_items({"item_id": one} for one in ids)
        assert store.get_items(ids) == [{"item_id": one} for one in ids]
        assert store.counts()["items"] == len(ids)

    def test_histories_are_ordered_by_time_and_then_as_given(self, store: RecordStore) -> None:
        assert (
            store.add_interactions([met(1, 10, 5), met(2, 10, 1), met(1, 11, 3), met(1, 12, 5)])
            == 4
        )
        assert store.get_histories([2, 3, 1]) == [[10], [], [11, 10, 12]]
        assert store.add_interactions([met(1, 13, 5), met(1, 14, 4), met(1, 15, 3.5)]) == 3
        assert store.get_histories([1]) == [[11, 15, 14, 10, 12, 13]]
        assert store.counts() == {"items": 0, "users": 0, "histories": 2}

    def test_a_pair_stays_as_it_was(self, store: RecordStore) -> None:
        store.add_interactions([met(1, 10, 1), met(1, 11, 2)])
        assert store.add_interactions([met(1, 10, 9), met(1, 12, 3), met(1, 12, 0)]) == 1
        assert store.get_histories([1]) == [[10, 11, 12]]

    def test_without_a_time_an_interaction_is_the_latest(self, store: RecordStore) -> None:
        future = time.time() + 1e6
        store.add_interactions([met(1, 10, future), met(1, 11), met(1, 12, 1)])
        store.add_interactions([{"user_id": 1, "item_id": 13}, met(2, 20), met(2, 21, 5)])
        assert store.get_histories([1, 2]) == [[12, 10, 11, 13], [21, 20]]

    def test_history_ids_keep_their_type(self, store: RecordStore) -> None:
        store.add_interactions([met("ünï ", "1", 1), met("ünï ", "a ", 2), met(7, 2**62, 1)])
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
                met(user, item, moment)
                for user, row, moments in zip(users, items, times, strict=True)
                for item, moment in zip(row, moments, strict=True)
            ]
            other = [met(f"single {one['user_id']}", one["item_id"], one["timestamp"])
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
    def test_a_timestamp_that_is_none_is_refused(self, store: RecordStore, value: Any) -> None:
        with pytest.raises(StoreError, match=r"timestamp is .* for user 1 and item 2"):
            store.add_interactions([met(1, 2, value)])
        with pytest.raises(StoreError, match="user_id is None"):
            store.add_interactions([{"item_id": 2, "timestamp": value}])

    def test_interactions_stream_in_any_order(
        self, store: RecordStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("towhee_recsys.stores.records.documents.INTERACTIONS_HELD", 7)
        pairs = [(user, item) for item in range(20) for user in range(5)]
        for _ in range(2):
            new = store.add_interactions(met(user, item, -item) for user, item in pairs)
        assert new == 0
        assert store.get_histories(range(5)) == [list(range(19, -1, -1))] * 5

    def test_the_latest_of_a_long_history_are_kept(self, store: RecordStore) -> None:
        store.add_interactions(met(1, item, float(item)) for item in range(MAX_HISTORY))
        late, early = met(1, -1, MAX_HISTORY + 1.0), met(1, -2, -1.0)
        assert store.add_interactions([late, early]) == 1
        assert store.add_interactions([late, early]) == 0
        assert store.get_histories([1]) == [[*range(1, MAX_HISTORY), -1]]

    def test_an_interaction_is_taken_back(self, store: RecordStore) -> None:
        store.add_interactions([met(1, item, 10.0 * item) for item in (1, 2, 3)])
        assert store.remove_interactions(1, [2, 9]) == 1
        assert store.get_histories([1]) == [[1, 3]]
        assert store.remove_interactions(1, [2]) == 0
        assert store.remove_interactions(7, [2]) == 0
        assert store.add_interactions([met(1, 2, 20.0)]) == 1
        assert store.get_histories([1]) == [[1, 2, 3]]

    def test_users_are_forgotten(self, store: RecordStore) -> None:
        store.put_items([{"item_id": 1, "title": "stays"}])
        store.put_users([{"user_id": 1, "age": 30}, {"user_id": 2, "age": 40}])
        store.add_interactions([met(1, 1, 1.0), met(3, 1, 1.0), met(4, 1, 1.0)])
        assert store.forget_users([1, 3, 9]) == 2
        assert store.get_users([1, 2, 3]) == [None, {"user_id": 2, "age": 40}, None]
        assert store.get_histories([1, 3, 4]) == [[], [], [1]]
        assert store.counts() == {"items": 1, "users": 1, "histories": 1}
        assert store.forget_users([1, 3]) == 0
        store.remove_interactions(4, [1])
        assert store.forget_users([4]) == 0
        assert store.forget_users([]) == 0

    def test_concurrent_writers_lose_nothing(self, store: RecordStore) -> None:
        counts: list[int] = []

        def write(writer: int) -> None:
            for step in range(10):
                item = 10 * writer + step
                counts.append(store.add_interactions([met(user, item, item) for user in range(3)]))

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get_histories(range(3)) == [list(range(60))] * 3
        assert sum(counts) == 180

    def test_answers(self, store: RecordStore) -> None:
        store.ping()

    def test_closes_twice(self, store: RecordStore) -> None:
        store.close()
        store.close()


def axis(number: int, scale: float = 1.0) -> NDArray[np.float32]:
    vector = np.zeros(VECTOR_SIZE, np.float32)
    vector[number] = scale
    return vector


def ladder(count: int) -> NDArray[np.float32]:
    """Vectors whose inner product with ``axis(0)`` falls from item 0 on."""
    return np.stack([axis(0, 1.0 - n / (2 * count)) for n in range(count)])


class VectorStoreConformance:
    """`store` has nothing in it."""

    def index(
        self,
        store: VectorStore,
        items: Sequence[dict[str, Any]],
        vectors: NDArray[np.float32],
        fingerprint: str = "aa11aa11",
        **attributes: Any,
    ) -> str:
        name = store.create(fingerprint, type(items[0]["item_id"]), attributes)
        store.write(name, items, vectors)
        assert store.finish(name, [item["item_id"] for item in items]) == len(items)
        store.publish(name)
        return name

    def ids(
        self, store: VectorStore, top_k: int = 10, fingerprint: str = "aa11aa11", **how: Any
    ) -> list[Any]:
        options = {key: [value] for key, value in how.items()}
        hits = store.search(axis(0)[None], [top_k], fingerprint, **options)
        return [hit["item_id"] for hit in hits[0]]

    def test_without_an_index(self, store: VectorStore) -> None:
        assert store.live() is None
        assert store.count() == 0
        with pytest.raises(IndexMismatch, match=r"no index at .*ingest"):
            self.ids(store)

    def test_best_first_with_the_inner_product_as_score(self, store: VectorStore) -> None:
        self.index(
            store, [{"item_id": n} for n in (5, 6, 7)], np.stack([axis(0, s) for s in (1, 3, 2)])
        )
        answers = store.search(np.stack([axis(0), axis(0, -2), axis(1)]), [2, 3, 1], "aa11aa11")
        assert [[(h["item_id"], h["score"]) for h in hits] for hits in answers] == [
            [(6, 3.0), (7, 2.0)],
            [(5, -2.0), (7, -4.0), (6, -6.0)],
            [(5, 0.0)],
        ]
        assert type(answers[0][0]["score"]) is float
        assert self.ids(store, 0) == []
        assert self.ids(store, 20_000) == [6, 7, 5]
        assert store.search(np.zeros((0, VECTOR_SIZE), np.float32), [], "aa11aa11") == []

    def test_text_ids(self, store: VectorStore) -> None:
        texts = ["a", "A", "a ", "日本", "😀" * MAX_ID_LENGTH, "q\"'\\\n"]
        self.index(store, [{"item_id": one} for one in texts], ladder(len(texts)))
        assert self.ids(store, exclude=["A", 1]) == [one for one in texts if one != "A"]
        assert store.matching([*texts[:2], "b", 1], "aa11aa11") == {"a", "A"}
        found = store.get(["b", texts[-1]], "aa11aa11")
        assert found[0] is None
        np.testing.assert_array_equal(found[1], ladder(len(texts))[-1])

    def test_long_integers(self, store: VectorStore) -> None:
        numbers = [2**63 - 2, 2**63 - 3, -(2**63) + 2]
        name = self.index(store, [{"item_id": one} for one in numbers], ladder(3))
        assert self.ids(store) == numbers
        assert store.matching([*numbers, 2**63, -(2**63), "x"], "aa11aa11") == set(numbers)
        assert store.finish(name, numbers[:1]) == 1

    def test_equal_scores_come_by_id(self, store: VectorStore) -> None:
        ids = list(range(300))
        self.index(store, [{"item_id": one} for one in reversed(ids)], np.stack([axis(0)] * 300))
        assert self.ids(store, 5) == ids[:5]
        assert self.ids(store, 5, exclude=[0, 2]) == [1, 3, 4, 5, 6]

    def test_writing_replaces_and_may_be_repeated(self, store: VectorStore) -> None:
        items = [{"item_id": 1, "year": 1990.0}, {"item_id": 2}]
        for scale in (1, 2):
            name = self.index(store, items, np.stack([axis(0, scale), axis(1)]), year="number")
        store.write(name, [{"item_id": 2}] * 2, np.stack([axis(0, 1), axis(0, 5)]))
        assert store.finish(name, [1, 2]) == store.count() == 2
        hits = store.search(axis(0)[None], [5], "aa11aa11")
        assert hits == [[{"item_id": 2, "score": 5.0}, {"item_id": 1, "score": 2.0}]]
        assert self.ids(store, filters={"year": 1990}) == [1]

    def test_items_not_kept_go(self, store: VectorStore) -> None:
        name = self.index(store, [{"item_id": n} for n in range(20)], ladder(20))
        assert store.finish(name, range(0, 20, 2)) == 10
        assert store.count() == 10
        assert self.ids(store, 3) == [0, 2, 4]

    def test_many_are_left_out_and_top_k_is_filled(self, store: VectorStore) -> None:
        self.index(store, [{"item_id": n} for n in range(1_500)], ladder(1_500))
        vectors = np.stack([axis(0)] * 4)
        exclude = [list(range(1_000)), [], [0, 0, 2], list(range(1_495))]
        answers = store.search(vectors, [10, 2, 2, 10], "aa11aa11", exclude=exclude)
        assert [[hit["item_id"] for hit in hits] for hits in answers] == [
            list(range(1_000, 1_010)),
            [0, 1],
            [1, 3],
            list(range(1_495, 1_500)),
        ]
        assert self.ids(store, exclude=range(20_000)) == []
        assert self.ids(store, 2, exclude=list(map(np.int64, range(1_000)))) == [1_000, 1_001]

    def test_calls_are_of_bounded_size(
        self, store: VectorStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.index(store, [{"item_id": n} for n in range(100)], ladder(100))
        vectors = np.stack([axis(0)] * 10)
        exclude = [range(n, 2 * n) for n in range(10)]
        whole = store.search(vectors, range(1, 11), "aa11aa11", exclude=exclude)
        monkeypatch.setattr("towhee_recsys.stores.vectors.nearest.HITS_AT_ONCE", 40)
        assert store.search(vectors, range(1, 11), "aa11aa11", exclude=exclude) == whole
        assert [len(hits) for hits in whole] == list(range(1, 11))

    def test_filters(self, store: VectorStore) -> None:
        items = [
            {"item_id": 1, "genres": ["Comedy", "Drama"], "year": 1994, "lang": "en"},
            {"item_id": 2, "genres": ["Drama"], "year": 2001.5, "lang": "日本"},
            {"item_id": 3, "genres": [], "year": None, "lang": None},
        ]
        self.index(store, items, ladder(3), genres="labels", year="number", lang="label")
        cases: list[tuple[dict[str, Any], list[int]]] = [
            ({}, [1, 2, 3]),
            ({"genres": "Drama"}, [1, 2]),
            ({"genres": ["Comedy", "x"]}, [1]),
            ({"genres": {"all": ["Comedy", "Drama"]}}, [1]),
            ({"year": 1994}, [1]),
            ({"year": [1994, 2001.5]}, [1, 2]),
            ({"year": {"lt": 2000}}, [1]),
            ({"year": {"gt": 1994, "lte": 2001.5}}, [2]),
            ({"lang": "日本"}, [2]),
            ({"lang": ""}, []),
            ({"lang": []}, []),
            ({"not": {"year": {"gte": 0}}}, [3]),
            ({"not": {"genres": "Comedy"}}, [2, 3]),
            ({"or": [{"lang": "en"}, {"year": {"gt": 2000}}]}, [1, 2]),
            ({"and": [{"genres": "Drama"}, {"lang": "en"}], "year": {"gte": 1994}}, [1]),
        ]
        answers = store.search(
            np.stack([axis(0)] * len(cases)),
            [5] * len(cases),
            "aa11aa11",
            [case for case, _ in cases],
        )
        for (case, expected), hits in zip(cases, answers, strict=True):
            assert [hit["item_id"] for hit in hits] == expected, case
            assert store.matching([1, 2, 3, 4], "aa11aa11", case) == set(expected), case
        assert self.ids(store, filters={"genres": "Drama"}, exclude=[1]) == [2]
        with pytest.raises(RequestError, match=r"'taste'.*genres \(labels\), lang \(label\)"):
            self.ids(store, filters={"taste": "good"})

    def test_columns_of_any_name(self, store: VectorStore) -> None:
        names = [
            "and",
            "not",
            "in",
            "日 本",
            "a.b",
            "x_a",
            "item_id ",
            "count",
            "vector",
            "_",
            "1st",
        ]
        items = [{"item_id": n, **{name: f"{name}{n}" for name in names}} for n in range(2)]
        self.index(store, items, ladder(2), **dict.fromkeys(names, "label"))
        for name in names:
            assert self.ids(store, filters={name: f"{name}1"}) == [1], name

    def test_long_labels(self, store: VectorStore) -> None:
        long, other = "é" * 5_000 + "a", "é" * 5_000 + "b"
        items = [
            {"item_id": 1, "l": long, "ls": [long, "x"]},
            {"item_id": 2, "l": other, "ls": [other]},
        ]
        self.index(store, items, ladder(2), l="label", ls="labels")
        assert (
            self.ids(store, filters={"l": other}) == self.ids(store, filters={"ls": other}) == [2]
        )

    def test_what_does_not_fit_is_named(self, store: VectorStore) -> None:
        name = store.create("aa11aa11", int, {"year": "number"})
        for item, message in [
            ({"item_id": "a"}, "item_id is 'a'"),
            ({"item_id": 2**63}, "item_id is 9223372036854775808"),
            ({"item_id": 5, "year": "long ago"}, "year of item 5 is no number: 'long ago'"),
        ]:
            with pytest.raises(StoreError, match=message):
                store.write(name, [item], ladder(1))
        with pytest.raises(StoreError, match="finite"):
            store.write(name, [{"item_id": 1}], ladder(1) * np.nan)
        with pytest.raises(StoreError, match="shape"):
            store.write(name, [{"item_id": 1}], ladder(2))
        with pytest.raises(StoreError, match="drop"):
            store.create("aa11aa11", str, {})

    def test_models_never_mix(self, store: VectorStore) -> None:
        first = self.index(store, [{"item_id": 1}], ladder(1), "aa11aa11")
        second = store.create("bb22bb22", int, {})
        store.write(second, [{"item_id": 2}], ladder(1))
        store.finish(second, [2])
        assert store.live() == "aa11aa11"
        assert self.ids(store, fingerprint="aa11aa11") == [1]
        with pytest.raises(IndexMismatch, match=r"vectors of model aa11aa11, but .* bb22bb22"):
            self.ids(store, fingerprint="bb22bb22")
        store.publish(second)
        assert store.live() == "bb22bb22"
        assert self.ids(store, fingerprint="bb22bb22") == [2]
        for ask in (store.get, store.matching):
            with pytest.raises(IndexMismatch, match=r"vectors of model bb22bb22, but .* aa11aa11"):
                ask([1], "aa11aa11")
        store.publish(first)
        assert self.ids(store, fingerprint="aa11aa11") == [1]

    def test_the_last_two_collections_are_kept(self, store: VectorStore) -> None:
        names = [
            self.index(store, [{"item_id": 1}], ladder(1), one)
            for one in ("aa11aa11", "bb22bb22", "cc33cc33")
        ]
        store.publish(names[2])
        store.publish(names[1])
        assert store.live() == "bb22bb22"
        with pytest.raises(StoreError):
            store.publish(names[0])
        assert store.live() == "bb22bb22"

    def test_what_is_not_ours_stays(self, store: VectorStore) -> None:
        first = self.index(store, [{"item_id": 1}], ladder(1), "aa11aa11")
        client = store._connection.client()  # type: ignore[attr-defined]
        alias = first.removesuffix("_aa11aa11")
        others = [f"{alias}_backup", f"{alias}_2024", f"{alias}_01234567"]
        for other in others:
            client.create_collection(other, dimension=4)
        for fingerprint in ("bb22bb22", "cc33cc33"):
            self.index(store, [{"item_id": 1}], ladder(1), fingerprint)
        there = set(client.list_collections())
        for other in others:
            client.drop_collection(other)
        assert {*others, f"{alias}_bb22bb22", f"{alias}_cc33cc33"} <= there
        assert first not in there

    def test_publishing_again_changes_nothing(self, store: VectorStore) -> None:
        name = self.index(store, [{"item_id": 1}], ladder(1))
        store.publish(name)
        assert self.ids(store) == [1]

    def test_threads_share_a_store(self, store: VectorStore) -> None:
        self.index(store, [{"item_id": n} for n in range(50)], ladder(50))
        answers: list[list[Any]] = []
        threads = [
            threading.Thread(target=lambda: answers.append(self.ids(store, 3))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [[0, 1, 2]] * 8
