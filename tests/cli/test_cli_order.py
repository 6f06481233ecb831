"""Commands say that the order is unknown, and what was held out."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.commands import document, invoke, run
from fixtures.folders import FOLDERS

from towhee_recsys.bundle import Bundle

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    FOLDERS["films"](folder)
    run(folder, "init", str(folder))
    return folder


def test_unknown_order_is_said_everywhere(home: Path) -> None:
    data = str(home / "dataset.yaml")
    assert "order  unknown" in run(home, "validate", data).stdout
    trained = run(home, "train", "--data", data, "--epochs", "0.2")
    assert "there are no timestamps" in trained.stderr
    assert "a history is a set for this model" in trained.stdout
    card = (home / "bundle" / "MODEL_CARD.md").read_text("utf-8")
    page = (home / "report" / "index.html").read_text("utf-8")
    evaluated = " ".join(run(home, "evaluate").stdout.split())
    for text in (card, page, evaluated):
        assert "does not say in which order" in text
        assert "Two random interactions of each user with three or more were held out" in text
    assert "sequential-recommendation" not in card
    figures = document(home, "evaluate")
    assert (figures["order"], figures["holdout"]) == ("unknown", "random-two")


def test_the_last_two_cannot_be_held_out(home: Path) -> None:
    data = str(home / "dataset.yaml")
    result = invoke(home, "train", "--data", data, "--holdout", "last-two")
    assert result.exit_code == 1
    assert "hold out random-two" in result.stderr


@pytest.mark.parametrize("wrong", ["last-three", "time:31/05/2024"])
def test_a_wrong_holdout_is_a_wrong_usage(home: Path, wrong: str) -> None:
    result = invoke(home, "train", "--holdout", wrong)
    assert result.exit_code == 2
    assert "last-two" in " ".join(result.stderr.split())


def test_a_moment_is_held_out(tmp_path: Path) -> None:
    run(tmp_path, "train", "--data", "sample", "--epochs", "0.2", "--holdout", "time:2024-06-01")
    meta = Bundle.load(tmp_path / "bundle").metadata
    assert meta.holdout == "time:2024-06-01T00:00:00+00:00"
    shown = " ".join(run(tmp_path, "evaluate").stdout.split())
    assert "Interactions from 2024-06-01T00:00:00+00:00 on were held out." in shown


def test_a_drawn_order_is_not_exported_as_time(home: Path) -> None:
    run(home, "train", "--data", str(home / "dataset.yaml"), "--epochs", "0.2", "--no-report")
    run(home, "ingest")
    exported = document(home, "export-user", "1")
    assert {one["timestamp"] for one in exported["interactions"]} == {None}
    said = run(home, "export-user", "1").stdout
    assert f"{len(exported['interactions'])} interactions:\n" in said
