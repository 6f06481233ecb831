"""Each holdout keeps back what it says, once, and leaves the rest to training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset, Histories, Split, split
from towhee_recsys.datasets.splits import checked_holdout
from towhee_recsys.errors import TrainingError

lists = st.lists(st.integers(0, 9), min_size=1, max_size=12)


def histories(lengths: Sequence[int], ordered: bool = True) -> Histories:
    """Items count up from 0 over all users, and so do the seconds."""
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    items = np.arange(offsets[-1], dtype=np.int32)
    return Histories(offsets, items, items.astype(np.float64), ordered)


def whole(parts: Split, row: int) -> list[int]:
    """All that a split has of a user, in order if the test item comes last."""
    test = [int(parts.test[row])] if parts.test[row] >= 0 else []
    return [*parts.past(row, "test").tolist(), *test]


@given(lists, st.booleans(), st.sampled_from(["auto", "random-two"]))
def test_two_of_three_or_more_are_held_out(lengths: list[int], ordered: bool, how: str) -> None:
    past = histories(lengths, ordered)
    parts, used = split(past, how)
    assert used == ("last-two" if how == "auto" and ordered else "random-two")
    for row, length in enumerate(lengths):
        mine = past.of(row).tolist()
        assert sorted(whole(parts, row)) == mine
        assert len(parts.train.of(row)) == (length - 2 if length >= 3 else length)
        assert (parts.test[row] >= 0) == (parts.validation[row] >= 0) == (length >= 3)
        if used == "last-two":
            assert whole(parts, row) == mine
    assert parts.train.ordered == ordered


def test_random_items_are_held_out_and_the_validation_item_returns_to_its_place() -> None:
    past = histories([50] * 200)
    parts, _ = split(past, "random-two")
    places = parts.test % 50
    assert abs(places.mean() - 24.5) < 4  # all places alike: 24.5 ± 1.0
    assert (parts.test != parts.validation).all()
    for row in range(200):
        before_test = parts.past(row, "test").tolist()
        assert before_test == sorted(before_test)
        assert len(before_test) == 49
    again, _ = split(past, "random-two")
    np.testing.assert_array_equal(parts.test, again.test)


def test_a_moment_splits_all_users_at_once() -> None:
    past = histories([4, 3, 5, 2])  # 0 to 3, 4 to 6, 7 to 11, 12 and 13
    parts, used = split(past, "time:1970-01-01T00:00:09")
    assert used == "time:1970-01-01T00:00:09+00:00"
    # The first two users have nothing later, the last one nothing earlier.
    assert parts.test.tolist() == [-1, -1, 9, -1]
    assert parts.validation.tolist() == [3, 6, 8, -1]
    assert [parts.train.of(row).tolist() for row in range(4)] == [[0, 1, 2], [4, 5], [7], []]
    assert parts.past(2, "test").tolist() == [7, 8]


def test_a_user_with_one_earlier_interaction_is_trained_on_it_and_tested() -> None:
    parts, _ = split(histories([3]), "time:1970-01-01T00:00:01Z".replace("Z", "+00:00"))
    assert parts.train.of(0).tolist() == [0]
    assert (parts.validation[0], parts.test[0]) == (-1, 1)
    assert parts.past(0, "test").tolist() == [0]


@pytest.mark.parametrize("moment", ["time:1960-01-01", "time:2030-01-01"])
def test_a_moment_outside_of_the_data_is_refused(moment: str) -> None:
    says = "of plays are on one side .* between 1970-01-01T00:00:00\\+00:00 and 1970-01-01T00:00:06"
    with pytest.raises(TrainingError, match=says):
        split(histories([4, 3]), moment, "plays")


def test_nothing_is_held_out_if_that_is_said() -> None:
    past = histories([4, 3])
    parts, used = split(past, "none")
    assert used == "none"
    assert parts.train is past
    assert (parts.test == -1).all()
    assert (parts.validation == -1).all()


def test_an_order_that_the_data_does_not_say_is_not_made_up() -> None:
    with pytest.raises(TrainingError, match=r"plays does not say in which order .* order: file"):
        split(histories([4, 3], ordered=False), "last-two", "plays")


def test_a_moment_needs_timestamps() -> None:
    with pytest.raises(TrainingError, match="plays has no timestamps"):
        split(replace(histories([4, 3]), timestamps=None), "time:2024-05-31", "plays")


@pytest.mark.parametrize("text", ["some", "time:", "time:31/05/2024", "last-three", ""])
def test_an_unknown_holdout_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write auto, last-two, random-two, none, or time:"):
        checked_holdout(text)


def test_a_date_without_a_zone_is_utc() -> None:
    assert checked_holdout("time:2024-05-31") == "time:2024-05-31T00:00:00+00:00"
    assert checked_holdout("time:2024-05-31T02:00:00+02:00") == "time:2024-05-31T02:00:00+02:00"


def test_random_items_do_not_depend_on_the_order_of_the_file() -> None:
    rng = np.random.default_rng(0)
    plays = pd.DataFrame(
        [(user, item, float(rng.random())) for user in range(30) for item in range(8)],
        columns=["user_id", "item_id", "timestamp"],
    )
    found = []
    for table in (plays, plays.sample(frac=1, random_state=1)):
        dataset = Dataset.from_frames(table)
        parts, _ = split(dataset.histories, "random-two")
        ids = dataset.items["item_id"].to_numpy()
        found.append(dict(zip(dataset.users["user_id"], ids[parts.test], strict=True)))
    assert found[0] == found[1]


def test_a_moment_splits_days_although_their_order_is_unknown() -> None:
    days = [[0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]]
    plays = pd.DataFrame(
        [
            (user, 10 * user + place, 86_400.0 * day)
            for user, mine in enumerate(days)
            for place, day in enumerate(mine)
        ],
        columns=["user_id", "item_id", "timestamp"],
    )
    dataset = Dataset.from_frames(plays)
    assert dataset.order == "unknown"
    parts, _ = split(dataset.histories, "time:1970-01-02")
    ids = dataset.items["item_id"].to_numpy()
    early, late = {0, 1, 2}, {3, 4, 5}
    assert ids[parts.test[0]] in late
    assert {*ids[parts.train.of(0)], ids[parts.validation[0]]} == early
    assert set(ids[parts.past(0, "test")]) == early
    assert parts.test[1] == parts.test[2] == -1
    assert len(parts.train.of(1)) == 5
    assert len(parts.train.of(2)) == 0
