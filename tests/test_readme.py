"""The README is true: its commands run, its code runs, its figures are those of the benchmarks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TIMEOUT = 300


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables of one's own, as the README describes them."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "dataset.yaml").write_text(blocks("yaml")[0])
    listeners = range(1, 31)
    tracks = range(1, 25)
    (folder / "listeners.csv").write_text(
        "listener,country,age\n" + "".join(f"{u},{'AB'[u % 2]},{20 + u}\n" for u in listeners)
    )
    (folder / "tracks.csv").write_text(
        "track,title,tags,year\n"
        + "".join(f"{i},Song {i},{'loud' if i % 2 else 'quiet|slow'},{1990 + i}\n" for i in tracks)
    )
    (folder / "plays.csv").write_text(
        "listener,track,played_at\n"
        + "".join(
            f"{u},{(u + step) % 24 + 1},{1_700_000_000 + 60 * step}\n"
            for u in listeners
            for step in range(6 + u % 5)
        )
    )
    return folder


def run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=place,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def commands() -> list[str]:
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "make "))]


def test_the_makefile_has_the_two_commands() -> None:
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("bash")), re.M):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_every_command_runs_in_the_order_given(place: Path) -> None:
    assert len(commands()) >= 12
    for command in commands():
        if command.startswith("towhee-recsys train"):
            command = command.replace("train", "train --epochs 1", 1)
        run(["bash", "-c", command], place)


def test_the_python_code_runs(place: Path) -> None:
    code = "\n".join(blocks("python")).replace("/tmp/store", str(place / "python-store"))
    answers = run([sys.executable, "-c", code], place).stdout
    assert "'route': 'personal'" in answers
    assert "'fingerprint'" in answers


def test_the_figures_are_those_that_the_benchmarks_printed() -> None:
    section = README.partition("## Figures")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    shown = set(re.findall(r"\b\d+\.\d+\b", "\n".join(rows)))
    assert shown, "the README has no figures"
    files = (ROOT / "benchmarks" / "results").glob("*.json")
    numbers = [number for file in files for number in _floats(json.loads(file.read_text()))]
    printed = {f"{number:.{digits}f}" for number in numbers for digits in range(1, 5)}
    assert shown <= printed, shown - printed


def _floats(document: Any) -> Iterator[float]:
    """All that is in it, however deep."""
    if isinstance(document, float):
        yield document
    elif isinstance(document, list | dict):
        for part in document.values() if isinstance(document, dict) else document:
            yield from _floats(part)
