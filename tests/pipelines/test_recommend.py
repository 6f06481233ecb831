"""Requests of every kind to the ingested sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures.stack import Oracle, Stack, assert_best, ids

from towhee_recsys import Bundle, Dataset

Ask = Callable[[Any], Any]

MINE = {"gender": "F", "age": 25}


def popular(bundle: Bundle, left_out: Any = ()) -> list[Any]:
    """All items, most popular first. Equal counts are ordered by id."""
    counted = zip((-bundle.popularity).tolist(), bundle.item_ids.values, strict=True)
    return [item for _, item in sorted(counted) if item not in set(left_out)]


def routes(answer: list[dict[str, Any]]) -> set[str]:
    return {one["route"] for one in answer}


def test_known_user_is_answered_from_the_stored_history(ask: Ask, sample_oracle: Oracle) -> None:
    seen = sample_oracle.histories[42]
    assert_best(ask(42), sample_oracle.scores(sample_oracle.users[42], seen), seen, 10)


def test_numpy_ids_are_accepted(ask: Ask) -> None:
    assert ask(np.int64(42)) == ask(42) == ask(np.array(42))
    assert [ids(one) for one in ask(np.array([42, 43]))] == [ids(ask(42)), ids(ask(43))]


@pytest.mark.parametrize("request_", [10**9, {"user_id": 10**9}, {}, {"user": None}, {"user": {}}])
def test_unknown_user_gets_popular_items(ask: Ask, sample_bundle: Bundle, request_: Any) -> None:
    answer = ask(request_)
    assert ids(answer) == popular(sample_bundle)[:10]
    assert routes(answer) == {"popular"}
    shares = sample_bundle.popularity / sample_bundle.popularity.sum()
    assert [one["score"] for one in answer] == sorted(shares.tolist(), reverse=True)[:10]


def test_record_without_history_is_answered_from_features(ask: Ask, sample_oracle: Oracle) -> None:
    answer = ask({"user": MINE})
    assert_best(answer, sample_oracle.scores(MINE, []), [], 10)
    assert routes(answer) == {"features"}


def test_given_record_replaces_the_stored_one(ask: Ask, sample_oracle: Oracle) -> None:
    seen = sample_oracle.histories[42]
    assert_best(ask({"user_id": 42, "user": MINE}), sample_oracle.scores(MINE, seen), seen, 10)


def test_given_history_replaces_stored_history_and_seen_items(
    ask: Ask, sample_oracle: Oracle
) -> None:
    stored = sample_oracle.histories[42]
    given = [item for item in sample_oracle.items if item not in stored][:3]
    answer = ask({"user_id": 42, "history": given, "top_k": 300})
    assert_best(answer, sample_oracle.scores(sample_oracle.users[42], given), given, 300)
    assert set(stored) <= set(ids(answer))


def test_empty_history_replaces_the_stored_one(ask: Ask, sample_oracle: Oracle) -> None:
    answer = ask({"user_id": 42, "history": [], "top_k": 300})
    assert set(ids(answer)) == set(sample_oracle.items)
    assert routes(answer) == {"features"}


def test_unknown_items_in_a_history_are_ignored(ask: Ask) -> None:
    assert routes(ask({"history": [10**9]})) == {"popular"}
    assert ids(ask({"history": [1, 10**9, 2]})) == ids(ask({"history": [1, 2]}))


def test_seen_items_can_be_included(ask: Ask, sample_oracle: Oracle) -> None:
    seen = sample_oracle.histories[42]
    answer = ask({"user_id": 42, "seen": "include", "top_k": 300})
    assert_best(answer, sample_oracle.scores(sample_oracle.users[42], seen), [], 300)


@pytest.mark.parametrize("seen", ["include", "exclude"])
def test_excluded_items_are_never_recommended(ask: Ask, seen: str) -> None:
    first = ids(ask({"user_id": 42, "seen": seen}))
    then = ids(ask({"user_id": 42, "seen": seen, "exclude": [*first[:4], 10**9]}))
    assert then[:6] == first[4:]
    assert not set(then) & set(first[:4])


@pytest.mark.parametrize("who", [42, {}, {"user": MINE}])
def test_long_answer_contains_all_unseen_items(ask: Ask, sample_oracle: Oracle, who: Any) -> None:
    request = who if isinstance(who, dict) else {"user_id": who}
    seen = sample_oracle.histories[42] if who == 42 else []
    answer = ask({**request, "top_k": 10_000})
    assert sorted(ids(answer)) == sorted(set(sample_oracle.items) - set(seen))


@pytest.mark.parametrize("count", [299, 300])
def test_user_who_has_seen_nearly_all_items_gets_the_rest(
    ask: Ask, sample_oracle: Oracle, count: int
) -> None:
    seen = list(sample_oracle.items)[:count]
    assert ids(ask({"history": seen})) == list(sample_oracle.items)[count:]


FILTERS: list[dict[str, Any]] = [
    {"year": 1999},
    {"year": [1999, 2001, 1850]},
    {"year": {"gte": 1990, "lt": 2000}},
    {"year": {"gt": 2010}, "genres": "Comedy"},
    {"director": "Ada Brindle"},
    {"director": ["Ada Brindle", "Milo Pumpernickel"]},
    {"genres": ["Comedy", "Drama"]},
    {"genres": {"all": ["Comedy", "Drama"]}},
    {"or": [{"year": {"lt": 1970}}, {"genres": "Western"}]},
    {"and": [{"year": {"lte": 2000}}, {"not": {"genres": ["Drama", "Comedy"]}}]},
    {"not": {"or": [{"genres": "Drama"}, {"director": "Ada Brindle"}]}},
    {"year": 1850},
]


def passes(item: dict[str, Any], condition: dict[str, Any]) -> bool:
    return all(_holds(item, name, wanted) for name, wanted in condition.items())


def _holds(item: dict[str, Any], name: str, wanted: Any) -> bool:
    if name == "and":
        return all(passes(item, one) for one in wanted)
    if name == "or":
        return any(passes(item, one) for one in wanted)
    if name == "not":
        return not passes(item, wanted)
    value = item[name]
    if isinstance(value, list):
        if isinstance(wanted, dict):
            return set(wanted["all"]) <= set(value)
        return bool({wanted} & set(value) if isinstance(wanted, str) else set(wanted) & set(value))
    if isinstance(wanted, dict):
        compare = {
            "gt": value.__gt__,
            "gte": value.__ge__,
            "lt": value.__lt__,
            "lte": value.__le__,
        }
        return all(compare[key](bound) for key, bound in wanted.items())
    return value in (wanted if isinstance(wanted, list) else [wanted])


@pytest.mark.parametrize("condition", FILTERS, ids=repr)
def test_filters_pass_matching_items_only(
    ask: Ask, sample_oracle: Oracle, sample_bundle: Bundle, condition: dict[str, Any]
) -> None:
    stopped = {i for i, item in sample_oracle.items.items() if not passes(item, condition)}
    seen = sample_oracle.histories[42]
    answer = ask({"user_id": 42, "filter": condition, "top_k": 300})
    scores = sample_oracle.scores(sample_oracle.users[42], seen)
    assert_best(answer, scores, [*seen, *stopped], 300)
    anybody = ask({"filter": condition, "top_k": 300})
    assert ids(anybody) == popular(sample_bundle, stopped)


def test_each_filter_passes_some_items_and_stops_some(sample_oracle: Oracle) -> None:
    for condition in FILTERS[:-1]:
        passing = [passes(item, condition) for item in sample_oracle.items.values()]
        assert 0 < sum(passing) < len(passing), condition


def test_batch_gets_the_answers_of_its_requests(ask: Ask, sample_oracle: Oracle) -> None:
    requests: list[Any] = []
    for user in list(sample_oracle.users)[:64]:
        requests += [user, {"user_id": user, "top_k": user % 7 + 1, "filter": FILTERS[user % 9]}]
        requests += [{"user": MINE, "history": sample_oracle.histories[user][:3]}, {"top_k": 3}]
    together = ask(requests)
    assert len(together) == len(requests) == 256
    for request, answer in zip(requests, together, strict=True):
        alone = ask(request)
        assert [one["route"] for one in answer] == [one["route"] for one in alone]
        assert_best(answer, {one["item_id"]: one["score"] for one in alone}, [], len(alone))


def test_list_is_answered_by_a_list(ask: Ask) -> None:
    assert ask([]) == []
    assert ask(()) == []
    assert [ids(one) for one in ask([42])] == [ids(ask(42))]


def test_items_unknown_to_the_bundle_come_last_among_popular_items(
    sample_dataset: Dataset, sample_stack: Stack, tmp_path: Path
) -> None:
    dataset = sample_dataset
    new = dataset.items.head(1).assign(item_id=5_000, year=pd.array([2030], dtype="Int64"))
    grown = replace(dataset, items=pd.concat([dataset.items, new], ignore_index=True))
    stack = Stack(tmp_path, sample_stack.settings["bundle"])
    assert stack.ingest(grown)["items"] == 301
    ask = stack.recommend()
    assert ids(ask({"top_k": 301}))[-1] == 5_000
    for request in ({}, {"user_id": 42}, {"user": MINE}):
        assert ids(ask({**request, "filter": {"year": 2030}})) == [5_000]
