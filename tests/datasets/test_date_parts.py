"""A date in columns of its own is read as one."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.errors import DataError


def described(folder: Path, timestamp: str, rows: str, header: str = "d,m,y") -> Path:
    (folder / "plays.csv").write_text(f"user_id,item_id,{header}\n{rows}\n")
    path = folder / "dataset.yaml"
    path.write_text(f"interactions: {{path: plays.csv, timestamp: {timestamp}}}\n")
    return path


def moments(path: Path) -> list[datetime]:
    seconds = Dataset.load(path).interactions["timestamp"]
    return [datetime.fromtimestamp(one, timezone.utc).replace(tzinfo=None) for one in seconds]


def test_parts_of_dates(tmp_path: Path) -> None:
    path = described(tmp_path, "{year: y, month: m, day: d}", "1,a,1,4,2009\n1,b,31,12,1999")
    assert moments(path) == [datetime(2009, 4, 1), datetime(1999, 12, 31)]


def test_a_date_without_a_day(tmp_path: Path) -> None:
    path = described(tmp_path, "{year: y, month: m}", "1,a,1,4,2009\n1,b,31,12,1999")
    assert moments(path) == [datetime(2009, 4, 1), datetime(1999, 12, 1)]


@pytest.mark.parametrize(
    ("timestamp", "row", "words"),
    [
        ("{year: y, month: m, day: d}", "1,a,30,2,2009", "column 'y, m, d': is not a date"),
        (
            "{year: y, month: m, day: d}",
            "1,a,,2,2009",
            "column 'y, m, d': the timestamp is missing (row 2)",
        ),
        ("{year: y, month: m, day: nowhere}", "1,a,1,2,2009", "column 'nowhere': there is no such"),
        ("{year: y}", "1,a,1,2,2009", "the columns of a date in parts"),
        ("{column: y, year: y, month: m}", "1,a,1,2,2009", "the columns of a date in parts"),
    ],
)
def test_what_is_no_date(timestamp: str, row: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        Dataset.load(described(tmp_path, timestamp, row))
    assert words in str(refused.value)
    assert len(validate(tmp_path / "dataset.yaml").problems) == 1
