"""The documentation's figures are those of the recorded results, and of nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def check(root: Path) -> subprocess.CompletedProcess[str]:
    script = root / "benchmarks" / "figures.py"
    return subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the repository that figures come from and go to."""
    (tmp_path / "docs").mkdir()
    shutil.copytree(ROOT / "benchmarks" / "results", tmp_path / "benchmarks" / "results")
    for name in ("benchmarks/figures.py", "docs/benchmarks.md", "README.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_what_is_committed_is_what_was_measured() -> None:
    done = check(ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", ["docs/benchmarks.md", "README.md"])
def test_a_figure_changed_by_hand_is_found(copy: Path, file: str) -> None:
    path = copy / file
    text = path.read_text("utf-8")
    figure = re.search(
        r"\| [^|]*?(\d+\.\d)",
        text[text.index("figures: begin") :] if "figures: begin" in text else text,
    )
    assert figure is not None
    place = text.index(figure[0]) + len(figure[0]) - 1
    path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :], "utf-8")
    done = check(copy)
    assert done.returncode == 1
    assert file in done.stderr
    assert "run python benchmarks/figures.py" in done.stderr


def test_a_new_result_makes_the_page_out_of_date(copy: Path) -> None:
    results = copy / "benchmarks" / "results" / "quality.json"
    document = json.loads(results.read_text("utf-8"))
    for row in document["rows"]:
        row["test HR@10"] += 0.01
    results.write_text(json.dumps(document), "utf-8")
    assert check(copy).returncode == 1
    script = copy / "benchmarks" / "figures.py"
    subprocess.run([sys.executable, script], check=True)
    assert check(copy).returncode == 0


def test_every_result_has_a_table() -> None:
    """With the command that measured it, and the versions."""
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for file in (ROOT / "benchmarks" / "results").glob("*.json"):
        document = json.loads(file.read_text("utf-8"))
        for row in document["rows"]:
            facts = {**document, **row}
            assert f"`{facts['command']}`" in page, file.name
            assert f"paddlepaddle {facts['machine']['paddlepaddle']}" in page, file.name
            assert f"{facts['date']} (commit {facts['commit']})" in page, file.name
