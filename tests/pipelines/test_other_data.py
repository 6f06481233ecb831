"""Other data: text ids, no table of users, items with equal features, a very long history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from fixtures.stack import Oracle, Stack, assert_best, ids

from towhee_recsys import Bundle, Dataset, train
from towhee_recsys.errors import RequestError
from towhee_recsys.training import TrainingConfig

Ask = Callable[[Any], Any]

ITEMS = 1_200
KEEN = 1_000
"""Items in the longest history. Without timestamps it has no order, and is read whole."""


@pytest.fixture(scope="module")
def tracks() -> Dataset:
    """Tracks 0 to 999 have been played. The others differ only in their ids."""
    names = [f"track {number:04}" for number in range(ITEMS)]
    kinds = [
        "new" if number >= KEEN else "odd" if number % 2 else "even" for number in range(ITEMS)
    ]
    plays = [("keen", name) for name in names[:KEEN]]
    plays += [
        (f"u{user}", names[(31 * user + 7 * step) % KEEN])
        for user in range(40)
        for step in range(8)
    ]
    return Dataset.from_frames(
        pd.DataFrame(plays, columns=["user_id", "item_id"]),
        pd.DataFrame({"item_id": names, "kind": kinds}),
    )


@pytest.fixture(scope="module")
def stack(tracks: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("tracks")
    train(tracks, TrainingConfig(epochs=1)).save(folder / "bundle")
    stack = Stack(folder, folder / "bundle")
    assert stack.ingest(tracks)["items"] == ITEMS
    return stack


@pytest.fixture(scope="module")
def ask(stack: Stack) -> Ask:
    return stack.recommend()


@pytest.fixture(scope="module")
def oracle(stack: Stack, tracks: Dataset) -> Oracle:
    return Oracle(Bundle.load(stack.settings["bundle"]), tracks)


def test_text_ids_are_accepted(ask: Ask, oracle: Oracle) -> None:
    seen = oracle.histories["u7"]
    assert len(seen) == 8
    assert_best(ask("u7"), oracle.scores({}, seen), seen, 10)


@pytest.mark.parametrize("wrong", [7, {"user_id": 7}, {"history": [7]}, "", "x" * 256, "\ud800"])
def test_ids_of_another_type_are_refused(ask: Ask, wrong: Any) -> None:
    with pytest.raises(RequestError, match="is text of 1 to 255 characters"):
        ask(wrong)


def test_unknown_users_get_popular_items(ask: Ask) -> None:
    answer = ask("nobody")
    assert {one["route"] for one in answer} == {"popular"}
    assert len(answer) == 10


def test_none_of_a_thousand_seen_items_is_recommended(ask: Ask, oracle: Oracle) -> None:
    seen = oracle.histories["keen"]
    assert len(seen) == KEEN
    answer = ask({"user_id": "keen", "top_k": ITEMS})
    assert sorted(ids(answer)) == sorted(set(oracle.items) - set(seen))
    given = ask({"history": seen, "top_k": ITEMS})
    assert ids(given) == ids(answer)


def test_without_timestamps_the_order_of_a_history_has_no_part(ask: Ask, oracle: Oracle) -> None:
    seen = oracle.histories["keen"]
    answers = ask([{"history": past, "top_k": 100} for past in (seen, seen[::-1], sorted(seen))])
    assert ids(answers[0]) == ids(answers[1]) == ids(answers[2])
    assert answers[0][0]["route"] == "personal"


def test_equal_scores_are_ordered_by_id(ask: Ask, oracle: Oracle) -> None:
    twins = [item for item, record in oracle.items.items() if record["kind"] == "new"]
    answer = ask({"user_id": "keen", "top_k": 50})
    assert len({one["score"] for one in answer}) == 1
    assert ids(answer) == twins[:50]


def test_items_without_interactions_come_last_among_popular_items(ask: Ask, oracle: Oracle) -> None:
    twins = [item for item, record in oracle.items.items() if record["kind"] == "new"]
    answer = ask({"top_k": ITEMS})
    assert ids(answer)[-200:] == twins
    assert [one["score"] for one in answer[-200:]] == [0.0] * 200
    assert ids(ask({"filter": {"kind": "new"}, "top_k": 3})) == twins[:3]
