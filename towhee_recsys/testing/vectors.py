"""Check that a vector store keeps the `VectorStore` protocol."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from towhee_recsys.errors import IndexMismatch, RequestError, StoreError
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import MAX_ID_LENGTH, VECTOR_SIZE


def axis(number: int, scale: float = 1.0) -> NDArray[np.float32]:
    """A vector that is `scale` in one dimension and 0 in all others."""
    vector = np.zeros(VECTOR_SIZE, np.float32)
    vector[number] = scale
    return vector


def ladder(count: int) -> NDArray[np.float32]:
    """Vectors whose inner product with ``axis(0)`` falls from item 0 on."""
    return np.stack([axis(0, 1.0 - n / (2 * count)) for n in range(count)])


class VectorStoreConformance:
    """Tests of a `towhee_recsys.stores.base.VectorStore`.

    A subclass gives the fixture ``store``: a store without collections. Each test gets one of its
    own and may close it.
    """

    def index(
        self,
        store: VectorStore,
        items: Sequence[dict[str, Any]],
        vectors: NDArray[np.float32],
        fingerprint: str = "aa11aa11",
        **attributes: Any,
    ) -> str:
        """Write `items` to the collection of `fingerprint`, and make it the live one."""
        name = store.create(fingerprint, type(items[0]["item_id"]), attributes)
        store.write(name, items, vectors)
        assert store.finish(name, [item["item_id"] for item in items]) == len(items)
        store.publish(name)
        return name

    def ids(
        self, store: VectorStore, top_k: int = 10, fingerprint: str = "aa11aa11", **how: Any
    ) -> list[Any]:
        """Search with ``axis(0)``: the ids, best first."""
        options = {key: [value] for key, value in how.items()}
        hits = store.search(axis(0)[None], [top_k], fingerprint, **options)
        return [hit["item_id"] for hit in hits[0]]

    def test_without_an_index(self, store: VectorStore) -> None:
        assert store.live() is None
        assert store.count() == 0
        with pytest.raises(IndexMismatch, match="no index"):
            self.ids(store)

    def test_the_score_is_the_inner_product(self, store: VectorStore) -> None:
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

    def test_equal_scores_are_ordered_by_id(self, store: VectorStore) -> None:
        ids = list(range(300))
        self.index(store, [{"item_id": one} for one in reversed(ids)], np.stack([axis(0)] * 300))
        assert self.ids(store, 5) == ids[:5]
        assert self.ids(store, 5, exclude=[0, 2]) == [1, 3, 4, 5, 6]

    def test_writing_replaces_and_can_be_repeated(self, store: VectorStore) -> None:
        items: list[dict[str, Any]] = [{"item_id": 1, "year": 1990.0}, {"item_id": 2}]
        for scale in (1, 2):
            name = self.index(store, items, np.stack([axis(0, scale), axis(1)]), year="number")
        store.write(name, [{"item_id": 2}] * 2, np.stack([axis(0, 1), axis(0, 5)]))
        assert store.finish(name, [1, 2]) == store.count() == 2
        hits = store.search(axis(0)[None], [5], "aa11aa11")
        assert hits == [[{"item_id": 2, "score": 5.0}, {"item_id": 1, "score": 2.0}]]
        assert self.ids(store, filters={"year": 1990}) == [1]

    def test_items_that_are_not_kept_are_removed(self, store: VectorStore) -> None:
        name = self.index(store, [{"item_id": n} for n in range(20)], ladder(20))
        assert store.finish(name, range(0, 20, 2)) == 10
        assert store.count() == 10
        assert self.ids(store, 3) == [0, 2, 4]

    def test_top_k_is_filled_when_many_items_are_excluded(self, store: VectorStore) -> None:
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

    def test_filters(self, store: VectorStore) -> None:
        items = [
            {"item_id": 1, "genres": ["Comedy", "Drama"], "year": 1994, "lang": "en"},
            {"item_id": 2, "genres": ["Drama"], "year": 2001.5, "lang": "日本"},
            {"item_id": 3, "genres": [], "year": None, "lang": None},
        ]
        self.index(
            store, items, ladder(3), genres="multi_categorical", year="number", lang="categorical"
        )
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
        with pytest.raises(RequestError, match=r"taste.*genres.*lang"):
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
        self.index(store, items, ladder(2), **dict.fromkeys(names, "categorical"))
        for name in names:
            assert self.ids(store, filters={name: f"{name}1"}) == [1], name

    def test_long_labels(self, store: VectorStore) -> None:
        long, other = "é" * 5_000 + "a", "é" * 5_000 + "b"
        items = [
            {"item_id": 1, "l": long, "ls": [long, "x"]},
            {"item_id": 2, "l": other, "ls": [other]},
        ]
        self.index(store, items, ladder(2), l="categorical", ls="multi_categorical")
        assert (
            self.ids(store, filters={"l": other}) == self.ids(store, filters={"ls": other}) == [2]
        )

    def test_invalid_items_are_refused(self, store: VectorStore) -> None:
        name = store.create("aa11aa11", int, {"year": "number"})
        cases: list[tuple[dict[str, Any], str]] = [
            ({"item_id": "a"}, "item_id.*'a'"),
            ({"item_id": 2**63}, "item_id.*9223372036854775808"),
            ({"item_id": 5, "year": "long ago"}, "year.*5.*'long ago'"),
        ]
        for item, message in cases:
            with pytest.raises(StoreError, match=message):
                store.write(name, [item], ladder(1))
        with pytest.raises(StoreError):
            store.write(name, [{"item_id": 1}], ladder(1) * np.nan)
        with pytest.raises(StoreError):
            store.write(name, [{"item_id": 1}], ladder(2))
        with pytest.raises(StoreError):
            store.create("aa11aa11", str, {})

    def test_models_never_mix(self, store: VectorStore) -> None:
        first = self.index(store, [{"item_id": 1}], ladder(1), "aa11aa11")
        second = store.create("bb22bb22", int, {})
        store.write(second, [{"item_id": 2}], ladder(1))
        store.finish(second, [2])
        assert store.live() == "aa11aa11"
        assert self.ids(store, fingerprint="aa11aa11") == [1]
        with pytest.raises(IndexMismatch, match=r"aa11aa11.*bb22bb22"):
            self.ids(store, fingerprint="bb22bb22")
        store.publish(second)
        assert store.live() == "bb22bb22"
        assert self.ids(store, fingerprint="bb22bb22") == [2]
        for ask in (store.get, store.matching):
            with pytest.raises(IndexMismatch, match=r"bb22bb22.*aa11aa11"):
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

    def test_closing_twice_is_harmless(self, store: VectorStore) -> None:
        self.index(store, [{"item_id": 1}], ladder(1))
        store.close()
        store.close()

    def test_calls_after_closing_are_refused(self, store: VectorStore) -> None:
        name = self.index(store, [{"item_id": 1}], ladder(1))
        store.close()
        for call in (
            store.live,
            store.count,
            lambda: self.ids(store),
            lambda: store.get([1], "aa11aa11"),
            lambda: store.create("bb22bb22", int, {}),
            lambda: store.publish(name),
        ):
            with pytest.raises(StoreError, match="closed"):
                call()

    def test_with_closes(self, store: VectorStore) -> None:
        with store as opened:
            assert opened is store
            assert opened.live() is None
        with pytest.raises(StoreError, match="closed"):
            store.live()
