"""Similar items, by an item of the index or by the record of an item that is not in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fixtures.stack import Oracle, Stack, assert_best, ids

Ask = Callable[[Any], Any]


@pytest.fixture
def similar(sample_stack: Stack) -> Ask:
    return sample_stack.similar()


@pytest.mark.parametrize("item", [1, 2, 17, 300])
def test_nearest_items_without_the_item_itself(
    similar: Ask, sample_oracle: Oracle, item: int
) -> None:
    answer = similar(item)
    assert_best(answer, sample_oracle.similar(item), [item], 10)
    assert {one["route"] for one in answer} == {"similar"}
    assert answer[0]["title"] == sample_oracle.items[answer[0]["item_id"]]["title"]


def test_long_answer_contains_all_other_items(similar: Ask, sample_oracle: Oracle) -> None:
    answer = similar({"item_id": 5, "top_k": 1_000})
    assert sorted(ids(answer)) == sorted(set(sample_oracle.items) - {5})


def test_record_of_an_item_outside_the_index(similar: Ask, sample_oracle: Oracle) -> None:
    film = {"title": "The Last Lighthouse", "year": 1990, "genres": ["Adventure", "Drama"]}
    answer = similar({"item": film, "top_k": 300})
    assert sorted(ids(answer)) == sorted(sample_oracle.items)
    assert ids(similar({"item": {**film, "item_id": 999}})) == ids(answer)[:10]


@pytest.mark.parametrize("request_", [{"item_id": 1}, {}])
def test_record_of_a_known_item(
    similar: Ask, sample_oracle: Oracle, request_: dict[str, Any]
) -> None:
    answer = similar({**request_, "item": sample_oracle.items[1]})
    assert_best(answer, sample_oracle.similar(1), [1], 10)


def test_filter_and_exclude_are_applied(similar: Ask, sample_oracle: Oracle) -> None:
    comedies = [i for i, item in sample_oracle.items.items() if "Comedy" in item["genres"]]
    others = set(sample_oracle.items) - set(comedies)
    answer = similar({"item_id": 1, "filter": {"genres": "Comedy"}, "top_k": 5})
    assert_best(answer, sample_oracle.similar(1), {1, *others}, 5)
    left = similar({"item_id": 1, "filter": {"genres": "Comedy"}, "exclude": ids(answer)[:2]})
    assert ids(left)[:3] == ids(answer)[2:]


def test_batch_gets_the_answers_of_its_requests(similar: Ask, sample_oracle: Oracle) -> None:
    requests = [1, {"item_id": 2, "top_k": 3}, {"item": sample_oracle.items[3]}]
    answers = similar(requests)
    for request, answer in zip(requests, answers, strict=True):
        alone = similar(request)
        assert_best(answer, {one["item_id"]: one["score"] for one in alone}, [], len(alone))
    assert similar([]) == []


def test_config_sets_the_length_of_answers(sample_stack: Stack) -> None:
    assert len(sample_stack.similar(top_k=3)(1)) == 3
