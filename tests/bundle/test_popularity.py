"""Popularity among users with the same labels, on two groups of users with opposite tastes."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Callable
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures.stack import Stack, ids
from fixtures.tiny import TINY
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from services.processes import free_port
from towhee import ops

import towhee_recsys.operators  # noqa: F401
from towhee_recsys import Bundle, Dataset, train
from towhee_recsys.bundle import popularity
from towhee_recsys.bundle.bundle import POPULARITY, read_manifest
from towhee_recsys.bundle.popularity import (
    Popular,
    find_segments,
    read_segments,
    segment_arrays,
)
from towhee_recsys.cli.tables import items_table
from towhee_recsys.datasets import Histories, Schema
from towhee_recsys.errors import BundleError
from towhee_recsys.features import TableFeatures
from towhee_recsys.training import TrainingConfig

ITEMS = 12
"""Young users interact with the first six items, old users with the others. Within each six, lower
ids have more interactions."""
SCHEMA = Schema.model_validate(
    {"users": {"age": "categorical", "hobbies": "multi_categorical", "height": "number"}}
)


def _people() -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "user_id": user,
            "age": "young" if user < 40 else "old",
            "hobbies": [["chess", "golf"], ["golf"], []][user % 3],
            "height": 150 + user,
        }
        for user in range(60)
    ]
    rows += [{"user_id": 60 + i, "age": "rare", "hobbies": None, "height": None} for i in range(19)]
    table: pd.DataFrame = pd.DataFrame(rows)
    return table


def _met(users: pd.DataFrame) -> pd.DataFrame:
    """Each user interacts with the first one to six items of the group. Rare users interact with
    the last item."""
    rows = []
    for place, (user, age) in enumerate(zip(users["user_id"], users["age"], strict=True)):
        first, length = (0 if age == "young" else 6), 1 + place % 6
        met = [ITEMS - 1] if age == "rare" else range(first, first + length)
        rows += [(user, item, step) for step, item in enumerate(met)]
    table: pd.DataFrame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return table


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    users = _people()
    items = pd.DataFrame({"item_id": range(ITEMS + 1)})  # the last one has no interactions
    return Dataset.from_frames(_met(users), items, users, schema=SCHEMA, name="circles")


@pytest.fixture(scope="module")
def bundle(dataset: Dataset) -> Bundle:
    model = TINY.model_copy(update={"embedding_size": 256})
    return train(dataset, TrainingConfig(epochs=1, holdout="none"), model)


@pytest.fixture(scope="module")
def saved(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("popular") / "bundle"
    bundle.save(path)
    return path


@pytest.fixture(scope="module")
def route(saved: Path, bundle: Bundle) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """A function that gives a user's hits without an index."""
    uri = f"http://127.0.0.1:{free_port()}"
    operator = ops.recsys.route(bundle=str(saved), uri=uri, fingerprint=bundle.fingerprint)

    def answer(user: dict[str, Any]) -> list[dict[str, Any]]:
        (hits,) = operator([user], [None])
        return list(hits)

    return answer


def _shares(dataset: Dataset, column: str, label: str) -> dict[int, float]:
    """Each item's share of the interactions of users with a label, counted one by one."""
    bearers = {
        user["user_id"]
        for user in dataset.user_records()
        if label == user[column] or (user[column] and label in list(user[column]))
    }
    table = dataset.interactions
    found = Counter(
        item
        for user, item in zip(table["user_id"], table["item_id"], strict=True)
        if user in bearers
    )
    return {item: count / sum(found.values()) for item, count in found.items()}


def test_each_group_gets_its_own_popular_items(route: Callable[..., Any]) -> None:
    young = route({"user": {"age": "young"}, "top_k": 13})
    old = route({"user": {"age": "old"}, "top_k": 13})
    assert ids(young)[:6] == [0, 1, 2, 3, 4, 5]
    assert ids(old)[:6] == [6, 7, 8, 9, 10, 11]
    assert sorted(ids(young)) == sorted(ids(old)) == list(range(13))
    for one in young:
        assert one["route"] == "popular"
        assert one["popular_among"] == {"age": "young"}
        assert one["degraded"] == ["index"]
    # Items that the group does not know come last, ordered by popularity among all users.
    everybody = route({"top_k": 13})
    assert ids(young)[6:] == [one for one in ids(everybody) if one > 5]
    assert [one["score"] for one in young[6:]] == [0.0] * 7
    assert not any("popular_among" in one for one in everybody)


def test_score_is_the_mean_share_over_labels(route: Callable[..., Any], dataset: Dataset) -> None:
    young = route({"user": {"age": "young"}, "top_k": 6})
    assert {one["item_id"]: one["score"] for one in young} == pytest.approx(
        _shares(dataset, "age", "young")
    )
    both = route({"user": {"age": "old", "hobbies": ["golf", "chess", "golf"]}, "top_k": 13})
    assert both[0]["popular_among"] == {"age": "old", "hobbies": ["golf", "chess"]}
    three = [
        _shares(dataset, column, label)
        for column, label in (("age", "old"), ("hobbies", "golf"), ("hobbies", "chess"))
    ]
    means = {item: sum(one.get(item, 0) for one in three) / 3 for item in range(13)}
    assert {one["item_id"]: one["score"] for one in both} == pytest.approx(means)
    scores = [one["score"] for one in both]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "record",
    [
        None,
        {},
        {"age": "unheard of"},
        {"age": None, "hobbies": []},
        {"age": ["young"]},
        {"hobbies": ["knitting"], "height": 170},
        {"age": "rare"},  # nineteen users are too few
    ],
)
def test_user_without_known_label_gets_items_popular_among_all(
    route: Callable[..., Any], bundle: Bundle, record: Any
) -> None:
    answer = route({"user": record, "top_k": 13})
    counts = bundle.popularity.tolist()
    assert ids(answer) == sorted(range(13), key=lambda item: (-counts[item], item))
    assert [one["score"] for one in answer] == [counts[one] / sum(counts) for one in ids(answer)]
    assert not any("popular_among" in one for one in answer)


def test_seen_and_excluded_items_are_left_out(route: Callable[..., Any]) -> None:
    user = {"user": {"age": "old"}, "history": [6, 7], "exclude": [8]}
    assert ids(route({**user, "top_k": 3})) == [9, 10, 11]
    assert ids(route({**user, "seen": "include", "top_k": 3})) == [6, 7, 9]
    demoted = ids(route({**user, "seen": "demote", "top_k": 13}))
    assert demoted[:3] == [9, 10, 11]
    assert demoted[-2:] == [6, 7]
    assert len(demoted) == 12


def test_stored_user_is_grouped_by_the_stored_record(
    route: Callable[..., Any], saved: Path, dataset: Dataset, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, saved)
    stack.ingest(dataset)
    ask = stack.recommend(milvus_uri=f"http://127.0.0.1:{free_port()}", top_k=12)
    young, old, rare = ask([0, 45, 60])
    record = {"age": "young", "hobbies": ["chess", "golf"]}
    assert ids(young) == ids(route({"user": record, "history": [0], "top_k": 12}))
    assert [one["popular_among"] for one in young] == [record] * 12
    assert [one["popular_among"]["age"] for one in old] == ["old"] * len(old)
    assert not any("popular_among" in one for one in rare)
    # With an index, the model answers.
    plain = stack.recommend()({"user": {"age": "young"}})
    assert {one["route"] for one in plain} == {"features"}
    assert not any("popular_among" in one for one in plain)


def test_printed_table_names_the_group(route: Callable[..., Any]) -> None:
    answer = route({"user": {"age": "old", "hobbies": ["golf", "chess"]}, "top_k": 1})
    ranked = [{**one, "rank": 1, "title": "Song", "probability": 0.5} for one in answer]
    ranked.append({**ranked[0], "rank": 2, "popular_among": {}})
    out = StringIO()
    Console(width=200, file=out).print(items_table(ranked, ["title"]))
    shown = out.getvalue()
    assert "popular among age old, hobbies golf, chess (without index)" in shown
    assert "Song" in shown
    assert "popular_among" not in shown
    assert "probability" not in shown


# In the bundle


def test_loaded_segments_equal_saved_ones(saved: Path, bundle: Bundle) -> None:
    loaded = Bundle.load(saved)
    assert loaded.fingerprint == bundle.fingerprint
    assert {name: set(labels) for name, labels in loaded.segments.items()} == {
        "age": {"young", "old"},
        "hobbies": {"chess", "golf"},
    }
    for name, labels in bundle.segments.items():
        for label, segment in labels.items():
            again = loaded.segments[name][label]
            assert again.interactions == segment.interactions
            np.testing.assert_array_equal(again.items, segment.items)
            np.testing.assert_array_equal(again.counts, segment.counts)
    loaded.save(saved.parent / "again")
    assert (saved.parent / "again" / POPULARITY).read_bytes() == (saved / POPULARITY).read_bytes()


def test_bundle_without_segments_uses_popularity_among_all(
    saved: Path, bundle: Bundle, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(saved, tmp_path / "bundle"))
    (old / POPULARITY).unlink()
    manifest = json.loads((old / "manifest.json").read_text())
    del manifest["files"][POPULARITY]
    (old / "manifest.json").write_text(json.dumps(manifest))
    assert read_manifest(old).fingerprint == bundle.fingerprint
    route = ops.recsys.route(
        bundle=str(old), uri="http://127.0.0.1:1", fingerprint=bundle.fingerprint
    )
    (hits,) = route([{"user": {"age": "old"}, "top_k": 13}], [None])
    assert ids(hits) == ids(bundle.popular.hits())
    assert not any("popular_among" in one for one in hits)


def test_damaged_popularity_file_is_refused(saved: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(saved, tmp_path / "bundle"))
    (broken / POPULARITY).write_bytes((broken / POPULARITY).read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"popularity\.safetensors is not the file"):
        Bundle.load(broken)


def test_segments_do_not_change_the_fingerprint(bundle: Bundle) -> None:
    assert dataclasses.replace(bundle, segments={}).fingerprint == bundle.fingerprint


def test_no_popularity_file_without_labels(cycle_bundle: Bundle, tmp_path: Path) -> None:
    cycle_bundle.save(tmp_path / "bundle")
    assert cycle_bundle.segments == {}
    assert not (tmp_path / "bundle" / POPULARITY).exists()


# What is stored


def test_most_common_labels_and_most_popular_items_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(popularity, "MOST_LABELS", 2)
    monkeypatch.setattr(popularity, "MOST_ITEMS", 3)
    monkeypatch.setattr(popularity, "FEWEST_USERS", 1)
    labels = ["c", "a", "b", "a", "b", "d"]
    records = [{"label": one} for one in labels]
    schema = Schema.model_validate({"users": {"label": "categorical"}})
    features = TableFeatures.fit(schema.users, records)
    histories = [[0], [3, 2, 4], [1], [2, 4, 1, 0], [], []]
    offsets = np.cumsum([0, *map(len, histories)])
    past = Histories(offsets, np.concatenate(histories).astype("i4"))
    found = find_segments(past, 5, features, features.transform(records))
    assert list(found) == ["label"]
    assert list(found["label"]) == ["a", "b"]  # of labels with one user, the first
    kept = found["label"]["a"]
    assert (kept.items.tolist(), kept.counts.tolist()) == ([2, 4, 0], [2, 2, 1])
    assert kept.interactions == 7  # with those of items that were cut off
    popular = Popular(np.array([2, 2, 2, 1, 2]), list("vwxyz"), found, features)
    hits = list(popular.hits({"label": "a"}))
    assert ids(hits) == ["x", "z", "v", "w", "y"]
    assert [hit["score"] for hit in hits] == [2 / 7, 2 / 7, 1 / 7, 0, 0]
    assert ids(list(islice(popular.hits(), 2))) == ["v", "w"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "a", "b"]),
            st.lists(st.sampled_from("xyz"), max_size=3),
            st.lists(st.integers(0, 7), max_size=8, unique=True),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_segments_equal_a_naive_count(
    people: list[tuple[str | None, list[str], list[int]]],
) -> None:
    """The counts are right, and stay the same through arrays."""
    schema = Schema.model_validate({"users": {"one": "categorical", "some": "multi_categorical"}})
    records = [{"one": one, "some": some} for one, some, _ in people]
    features = TableFeatures.fit(schema.users, records)
    offsets = np.cumsum([0, *(len(met) for *_, met in people)])
    items = np.array([item for *_, met in people for item in met], np.int32)
    past = Histories(offsets, items)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(popularity, "FEWEST_USERS", 1)
        found = find_segments(past, 8, features, features.transform(records))
    expected: dict[tuple[str, str], Counter[int]] = {}
    for one, some, met in people:
        for place in [*([("one", one)] if one else []), *(("some", label) for label in set(some))]:
            expected.setdefault(place, Counter()).update(met)
    counted = {
        (name, label): dict(zip(s.items.tolist(), s.counts.tolist(), strict=True))
        for name, labels in found.items()
        for label, s in labels.items()
    }
    assert counted == {place: dict(those) for place, those in expected.items() if those}
    again = read_segments(segment_arrays(found, features), features)
    assert [list(labels) for labels in again.values()] == [
        list(labels) for labels in found.values()
    ]
    for name, labels in found.items():
        for label, segment in labels.items():
            assert again[name][label].interactions == segment.interactions == segment.counts.sum()
            np.testing.assert_array_equal(again[name][label].items, segment.items)
