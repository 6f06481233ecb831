"""However interactions arrive, a history is what happened, in the order in which it happened."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.stores.records.documents import merge_history


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10**9)), unique_by=(hash, lambda e: e[0]))
    .flatmap(lambda events: st.tuples(st.just(events), st.permutations(events + events)))
    .flatmap(
        lambda both: st.tuples(
            *map(st.just, both), st.lists(st.integers(0, len(both[1])), max_size=3).map(sorted)
        )
    )
)
def test_events_may_come_late_in_parts_and_twice(sent: Any) -> None:
    events, arriving, cuts = sent
    history: list[tuple[Any, float]] = []
    for begin, end in zip([0, *cuts], [*cuts, None], strict=True):
        history = merge_history(history, arriving[begin:end], now=0.0)
    assert [moment for _, moment in history] == sorted(moment for _, moment in events)
    assert set(history) == set(events)
