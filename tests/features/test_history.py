"""Histories are padded on the right. A long one keeps its latest items."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.features import pad_histories

START = 99


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=5),
    st.integers(1, 6),
)
def test_padding_equals_a_plain_loop(histories: list[list[int]], limit: int) -> None:
    expected = [h[-limit:] if len(h) > limit else [START, *h] for h in histories]
    width = max([len(row) for row in expected], default=1)
    codes, lengths = pad_histories([np.array(h, np.int32) for h in histories], START, limit)
    assert codes.shape == (len(histories), width)
    assert width <= limit + 1
    assert codes.dtype == lengths.dtype == np.int32
    assert lengths.tolist() == [len(row) for row in expected]
    assert codes.tolist() == [row + [START] * (width - len(row)) for row in expected]
