"""The page about `init` shows what it prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.commands import invoke
from fixtures.folders import FOLDERS

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_shows_what_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    FOLDERS[name](Path(name))
    said = invoke(tmp_path, "init", name).stdout
    written = Path(name, "dataset.yaml").read_text("utf-8")
    found = invoke(tmp_path, "validate", f"{name}/dataset.yaml").stdout
    shown = (
        f"$ towhee-recsys init {name}\n{said}\n$ cat {name}/dataset.yaml\n{written}\n"
        f"$ towhee-recsys validate {name}/dataset.yaml\n{found}"
    )
    assert f"```text\n{shown}```" in PAGE.read_text("utf-8"), f"docs/tables.md lacks:\n{shown}"
