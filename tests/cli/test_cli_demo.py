"""``demo``."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.commands import run

pytestmark = pytest.mark.long


def test_demo(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--data", "sample")
    assert "recommended" in done.stdout
    assert "The " in done.stdout
    assert "EASE with decay" in done.stderr
    for step in ("1 · the data", "3 · the index", "5 · how good is that?", "recommend "):
        assert step in done.stderr
