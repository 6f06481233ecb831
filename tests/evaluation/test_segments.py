"""Groups of users are what their names say, and together they hold every user."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.evaluation.metrics import summary
from towhee_recsys.evaluation.segments import UserGroup, by_history, by_label, by_popularity


def _adds_up(found: list[UserGroup], ranks: np.ndarray) -> None:
    assert sum(one.users for one in found) == len(ranks)
    for name, value in summary(ranks).items():
        total = sum(one.users * one.metrics[name] for one in found)
        assert total == pytest.approx(value * len(ranks))


users = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 40)), min_size=1, max_size=80)


@given(users)
def test_groups_by_history_hold_all_users(rows: list[tuple[int, int]]) -> None:
    ranks, lengths = (np.array(column) for column in zip(*rows, strict=True))
    found = by_history(ranks, lengths)
    _adds_up(found, ranks)
    assert len(found) <= 3
    for one in found:
        low, _, high = one.group.partition("-")
        inside = (lengths >= int(low)) & (lengths <= int(high or low))
        assert one.users == inside.sum()
        assert one.metrics == summary(ranks[inside])


def test_groups_by_history_are_thirds() -> None:
    found = by_history(np.ones(9, int), np.arange(10, 19))
    assert [(one.group, one.users) for one in found] == [("10-12", 3), ("13-15", 3), ("16-18", 3)]


@given(users, st.lists(st.integers(0, 9), min_size=31, max_size=31))
def test_groups_by_target_hold_all_users(rows: list[tuple[int, int]], counts: list[int]) -> None:
    targets, ranks = (np.array(column) for column in zip(*rows, strict=True))
    found = by_popularity(ranks, targets, np.array([*counts, 1]))
    _adds_up(found, ranks)
    order = ["head", "middle", "tail", "cold"]
    assert [one.group for one in found] == sorted((one.group for one in found), key=order.index)


def test_head_middle_and_tail_have_a_third_of_the_interactions() -> None:
    counts = np.array([0, 30, 10, 10, 10, 6, 6, 6, 6, 6])
    found = by_popularity(np.arange(1, 11), np.arange(10, dtype=np.int32), counts)
    assert [(one.group, one.users) for one in found] == [
        ("head", 1),
        ("middle", 3),
        ("tail", 5),
        ("cold", 1),
    ]
    assert found[0].metrics == summary(np.array([2]))


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=120))
def test_groups_by_label_hold_all_users_and_pool_rare_labels(values: list[str | None]) -> None:
    ranks = np.arange(1, len(values) + 1)
    found = {one.group: one for one in by_label(ranks, values)}
    _adds_up(list(found.values()), ranks)
    rare = 0
    for name in ("a", "b", "c"):
        mask = np.array([value == name for value in values])
        if mask.sum() >= 20:
            assert found[name].metrics == summary(ranks[mask])
            assert found[name].users == mask.sum()
        else:
            assert name not in found
            rare += int(mask.sum())
    assert (found["(others)"].users if rare else 0) == rare
    missing = values.count(None)
    assert (found["(missing)"].users if missing else 0) == missing


def test_only_the_most_frequent_labels_are_shown() -> None:
    values = [label for label in range(25) for _ in range(20 + label)]
    found = by_label(np.ones(len(values), int), values)
    assert [one.group for one in found] == [*map(str, range(24, 4, -1)), "(others)"]
