"""Timestamps in every form mean the same time, and keep their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset

SECONDS = 1_714_557_600  # 2024-05-01T10:00:00Z


def _read(values: object) -> np.ndarray:
    stamps = pd.Series(values)
    plays = pd.DataFrame({"user_id": 1, "item_id": np.arange(len(stamps)), "timestamp": stamps})
    items = pd.DataFrame({"item_id": np.arange(len(stamps))})
    return Dataset.from_frames(plays, items).interactions["timestamp"].to_numpy()


@pytest.mark.parametrize(
    "value",
    [
        SECONDS,
        float(SECONDS),
        SECONDS * 10**3,
        SECONDS * 10**6,
        SECONDS * 10**9,
        str(SECONDS),
        f"{SECONDS}.0",
        str(SECONDS * 10**3),
        "2024-05-01T10:00:00",
        "2024-05-01 10:00:00",
        "2024-05-01T10:00:00Z",
        "2024-05-01T12:00:00+02:00",
        "2024-05-01T10:00",
        pd.Timestamp("2024-05-01T10:00:00"),
        pd.Timestamp("2024-05-01T12:00:00+02:00"),
        np.datetime64("2024-05-01T10:00:00", "ms"),
    ],
)
def test_a_moment_in_any_form(value: object) -> None:
    assert _read([value]).tolist() == [SECONDS]


def test_dates_without_a_time_are_midnight() -> None:
    assert _read(["2024-05-01", "1970-01-02"]).tolist() == [1_714_521_600, 86_400]


@given(
    st.integers(SECONDS * 10**9, SECONDS * 10**9 + 10**6).flatmap(
        lambda start: st.lists(st.integers(start, start + 3_000), min_size=1, max_size=30)
    )
)
def test_nanoseconds_keep_their_order(moments: list[int]) -> None:
    seconds = _read(np.array(moments, dtype=np.int64))
    assert np.argsort(seconds, kind="stable").tolist() == (
        np.argsort(np.array(moments), kind="stable").tolist()
    )
    assert len(set(seconds)) == len(set(moments))
    assert np.abs(seconds - np.array(moments) / 1e9).max() < 1e-5


@given(st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=20))
def test_seconds_are_left_as_they_are(moments: list[int]) -> None:
    assert _read(moments).tolist() == moments
