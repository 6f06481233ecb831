"""Timestamps in every form mean the same time, and keep their order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset
from towhee_recsys.errors import DataError

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


def _described(folder: Path, column: str, said: object) -> Path:
    (folder / "plays.csv").write_text("user,item,when\n" + column)
    path = folder / "dataset.yaml"
    path.write_text(json.dumps({"interactions": {"path": "plays.csv", "timestamp": said}}))
    return path


def _told(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("%d/%m/%Y", "1/5/2024"),
        ("%m/%d/%Y %H:%M", "05/01/2024 10:00"),
        ("%Y%m%d", "20240501"),
        ("%d. %B %Y", "01. May 2024"),
        ("%d/%b/%Y:%H:%M:%S %z", "01/May/2024:12:00:00 +0200"),
    ],
)
def test_dates_of_a_format(tmp_path: Path, form: str, written: str) -> None:
    path = _described(tmp_path, f'1,1,"{written}"\n', {"column": "when", "format": form})
    expected = SECONDS if "%H" in form else SECONDS - 36_000
    assert Dataset.load(path).interactions["timestamp"].tolist() == [expected]


def test_dates_as_integers_of_a_format(tmp_path: Path) -> None:
    plays = pd.DataFrame({"user": [1], "item": [1], "when": [20240501]})
    plays.to_parquet(tmp_path / "plays.parquet")
    time = {"column": "when", "format": "%Y%m%d"}
    described = {"interactions": {"path": "plays.parquet", "timestamp": time}}
    (tmp_path / "dataset.yaml").write_text(json.dumps(described))
    assert Dataset.load(tmp_path).interactions["timestamp"].tolist() == [SECONDS - 36_000]


def test_date_of_another_format_is_reported(tmp_path: Path) -> None:
    said = {"column": "when", "format": "%d/%m/%Y"}
    message = _told(_described(tmp_path, "1,1,1/5/2024\n1,2,1/13/2024\n", said))
    assert "is not a date of the form %d/%m/%Y (row 3: '1/13/2024')" in message


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        (["1/4/2009", "2/4/2009"], ['"%d/%m/%Y" or "%m/%d/%Y"', "row 2: '1/4/2009'"]),
        (["1/4/2009", "13/4/2009"], ['which is "%d/%m/%Y": write timestamp: {column: when, ']),
        (["4/13/2009 10:15"], ['format: "%m/%d/%Y %H:%M"}']),
        (["31.12.2009"], ['"%d.%m.%Y"']),
        (["2009/12/31"], ['"%Y/%m/%d"']),
        (["Mar 4 2009"], ['"%b %d %Y"']),
        (["Wed Mar 04 10:00:00 2009"], ['"%a %b %d %H:%M:%S %Y"']),
        (["yesterday"], ["seconds since 1970", "format: …"]),
    ],
)
def test_message_names_the_formats_that_fit(
    tmp_path: Path, written: list[str], parts: list[str]
) -> None:
    rows = "".join(f"1,{n},{date}\n" for n, date in enumerate(written))
    message = _told(_described(tmp_path, rows, "when"))
    assert all(part in message for part in parts), message
    assert "12.5" not in message


def test_format_needs_its_column(tmp_path: Path) -> None:
    path = _described(tmp_path, "1,1,1/4/2009\n", {"format": "%d/%m/%Y"})
    assert "no column holds the timestamp" in _told(path)


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ([SECONDS, SECONDS * 1000, SECONDS * 1000 + 1],
         ["row 0: '1714557600'", "in seconds, and most are in milliseconds"]),
        ([SECONDS, SECONDS + 1, SECONDS * 1000 + 1],
         ["row 2: '1714557600001'", "in milliseconds, and most are in seconds"]),
        ([SECONDS, SECONDS, SECONDS * 10**9], ["row 2", "in nanoseconds"]),
    ],
)  # fmt: skip
def test_mixed_units_are_refused(values: list[int], parts: list[str]) -> None:
    for form in (values, list(map(str, values)), list(map(float, values))):
        with pytest.raises(DataError) as caught:
            _read(form)
        assert all(part.rstrip("'") in str(caught.value) for part in parts), str(caught.value)
        assert len(caught.value.problems) == 1


def test_early_times_are_no_other_unit() -> None:
    assert _read([0, SECONDS * 1000, SECONDS * 1000]).tolist() == [0, SECONDS, SECONDS]


def test_short_floats_are_warned_of(tmp_path: Path) -> None:
    plays = pd.DataFrame({"user_id": [1, 1], "item_id": [1, 2], "timestamp": [SECONDS, SECONDS]})
    short = plays.astype({"timestamp": "float32"})
    (warning,) = Dataset.from_frames(short).warnings
    assert "float holds these times to 128 s only" in str(warning)
    short.to_parquet(tmp_path / "plays.parquet")
    (tmp_path / "dataset.yaml").write_text("interactions: {path: plays.parquet}")
    assert len(Dataset.load(tmp_path).warnings) == 1
    assert Dataset.from_frames(plays.astype({"timestamp": "float64"})).warnings == ()
    assert Dataset.from_frames(short.assign(timestamp=np.array([0, 1], np.float32))).warnings == ()


def test_missing_time_is_reported_and_not_zero() -> None:
    with pytest.raises(DataError, match="the timestamp is missing"):
        _read(pd.Series([SECONDS, float("nan")], dtype="float64[pyarrow]"))


AMBIGUOUS = [
    ("01/02/2009", "%d/%m/%Y", "1 February or 2 January", "%m/%d/%Y"),
    ("01-02-09 10:00", "%m-%d-%y %H:%M", "2 January or 1 February", "%d-%m-%y %H:%M"),
]


@pytest.mark.parametrize(("written", "form", "may_be", "other"), AMBIGUOUS)
def test_dates_that_may_be_two_days_are_warned_of(
    tmp_path: Path, written: str, form: str, may_be: str, other: str
) -> None:
    path = _described(
        tmp_path, f"1,1,{written}\n1,2,{written}\n", {"column": "when", "format": form}
    )
    (warning,) = Dataset.load(path).warnings
    assert f"column 'when': {written} may be {may_be}: {form} and {other} both fit" in str(warning)
    assert f'write format: "{other}"' in str(warning)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (["1/5/2024", "13/5/2024"], "%d/%m/%Y"),
        (["5/5/2024"], "%d/%m/%Y"),
        (["2024/01/02"], "%Y/%m/%d"),
        (["20240102"], "%Y%m%d"),
        (["01 May 2024"], "%d %B %Y"),
    ],
)
def test_sure_dates_are_not_warned_of(tmp_path: Path, written: list[str], form: str) -> None:
    rows = "".join(f"1,{n},{date}\n" for n, date in enumerate(written))
    path = _described(tmp_path, rows, {"column": "when", "format": form})
    assert Dataset.load(path).warnings == ()


def test_format_is_found_by_all_dates(tmp_path: Path) -> None:
    """Only the last of many dates tells the day."""
    dates = [f"{day}/{month}/{year}" for day in range(1, 13) for month in range(1, 13)
             for year in range(1990, 2000)]  # fmt: skip
    rows = "".join(f"1,{n},{date}\n" for n, date in enumerate([*dates, "1/13/2009"]))
    assert 'Say its format, which is "%m/%d/%Y": ' in _told(_described(tmp_path, rows, "when"))
