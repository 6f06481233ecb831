"""Help, wrong usage and refusals of all commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.commands import invoke

from towhee_recsys import __version__

COMMANDS = [
    "demo", "download", "init", "validate", "train", "evaluate", "ingest", "recommend", "similar",
    "rate", "forget", "export-user", "status", "doctor", "hub",
]  # fmt: skip
"""In the order in which they are used."""


def test_help_is_quick() -> None:
    code = "import sys; from towhee_recsys.cli import app\ntry: app(['--help'])\nexcept SystemExit:"
    heavy = ["towhee", "paddle", "pandas", "pymilvus", "matplotlib", "sklearn", "jinja2"]
    code += f" print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_help_lists_the_commands_in_order(tmp_path: Path) -> None:
    shown = invoke(tmp_path, "--help").stdout
    assert re.findall(r"^│ ([\w-]+)", shown[shown.index("Commands") :], re.M) == COMMANDS


def test_version(tmp_path: Path) -> None:
    assert invoke(tmp_path, "--version").stdout.strip() == __version__


USAGE = [
    ["nonsense"],
    ["recommend", "42", "--top-k", "0"],
    ["recommend", "42", "--top-k", "many"],
    ["recommend", "42", "--filter", "{"],
    ["recommend", "42", "--filter", "[1]"],
    ["recommend", "--user", "F"],
    ["recommend", "42", "--seen", "maybe"],
    ["recommend", "42", "43"],
    ["recommend", "42", "--columns", "title"],
    ["similar"],
    ["rate", "42"],
    ["train", "--holdout", "some"],
    ["train", "--time-budget", "soon"],
    ["train", "--time-budget", "0s"],
    ["train", "--seed", "-1"],
    ["train", "--epochs", "-1"],
    ["train", "--epochs", "nan"],
    ["evaluate", "--items", "few"],
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_wrong_usage(ingested: Path, words: list[str]) -> None:
    result = invoke(ingested, *words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr


FAILURES: list[tuple[list[str], str]] = [
    (["recommend", "abc"], "user_id is 'abc'; in this data it is an integer"),
    (["recommend", "9" * 5000], "in this data it is an integer"),
    (["recommend", "--history", "1,b"], "item_id is 'b'"),
    (["recommend", "--user", '{"gendr": "F"}'], "unknown column 'gendr'"),
    (["recommend", "--user", '{"age": "x"}'], "'x' is not a number"),
    (["recommend", "--to", "x.jsonl", "--columns", "titel"], "Did you mean 'title'?"),
    (["similar", "x"], "item_id is 'x'"),
    (["rate", "x", "1"], "user_id is 'x'"),
    (["train", "--data", "no-such.yaml"], "there is no such file"),
    (["ingest", "--data", "no-such.yaml"], "there is no such file"),
    (["evaluate", "--data", "no-such.yaml"], "there is no such file"),
    (["evaluate", "--baselines", "slim"], "there is no baseline 'slim'; give popularity, ials"),
]


@pytest.mark.parametrize(("words", "says"), FAILURES, ids=[says for _, says in FAILURES])
def test_failures_are_one_clear_line(ingested: Path, words: list[str], says: str) -> None:
    result = invoke(ingested, *words)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert says in result.stderr


ANSWERING = [
    ["recommend", "42"],
    ["recommend"],
    ["recommend", "--to", "x.jsonl"],
    ["similar", "1"],
    ["rate", "1", "1"],
]


@pytest.mark.parametrize("words", [*ANSWERING, ["ingest"], ["evaluate"]], ids=" ".join)
def test_without_a_model(tmp_path: Path, words: list[str]) -> None:
    result = invoke(tmp_path, *words)
    assert result.exit_code == 1
    says = f"No model yet: run `towhee-recsys train` first. The home is {tmp_path}"
    assert result.stderr == f"Error: {says}\n"
    assert result.stdout == ""
    assert says in invoke(tmp_path, "doctor").stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ANSWERING, ids=" ".join)
def test_before_ingest(trained: Path, words: list[str]) -> None:
    result = invoke(trained, *words)
    assert result.exit_code == 1
    says = f"No index yet: run `towhee-recsys ingest` first. The home is {trained}"
    assert result.stderr == f"Error: {says}\n"
    assert result.stdout == ""
    assert [path.name for path in trained.iterdir()] == ["bundle"]
