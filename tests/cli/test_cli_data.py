"""``validate``."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.commands import invoke


def test_validate(tmp_path: Path) -> None:
    report = json.loads(invoke(tmp_path, "validate", "sample", "--json").stdout)
    assert report["ok"] is True
    wrong = invoke(tmp_path, "validate", str(tmp_path / "none.yaml"), "--json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["ok"] is False
