"""Any tables either load, or are refused with one message a cause."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from fixtures.tables import AnyTables, any_tables
from hypothesis import given, settings

from towhee_recsys import train
from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.errors import DataError, RecsysError


@settings(max_examples=300)
@given(any_tables())
def test_any_tables_load_or_are_refused_once_a_cause(tables: AnyTables) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = tables.write(Path(folder))
        report = validate(path)
        causes = Counter((p.file, p.column, p.wrong) for p in report.problems)
        assert [cause for cause, times in causes.items() if times > 1] == []
        if report.ok:
            dataset = Dataset.load(path)
            assert (len(dataset.users), len(dataset.items)) == (report.users, report.items)
            assert len(dataset.interactions) == report.interactions
        else:
            with pytest.raises(RecsysError) as caught:
                train(Dataset.load(path))
            if isinstance(caught.value, DataError):
                assert caught.value.problems == report.problems
            else:  # too small to train on
                assert str(caught.value) == "\n".join(map(str, report.problems))
