"""The progress of training."""

from __future__ import annotations

import re
import sys
from io import StringIO
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from rich.console import Console

from towhee_recsys import Dataset, train
from towhee_recsys.model import ModelConfig
from towhee_recsys.progress import TrainingBar, training_progress
from towhee_recsys.training import TrainingConfig

QUICK = TrainingConfig(epochs=0.1, min_steps=1, validation_users=10)
SMALL = ModelConfig(embedding_size=32, members=1, heads=4, hidden_size=32, max_history=12, blocks=1)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_validations_and_messages_are_printed() -> None:
    text = StringIO()
    with TrainingBar(Console(file=text, width=200)) as bar:
        bar.step(0, 0.25, 0.5, 4.0, 1_000)
        bar.step(0, 0.5, 1.0, 2.0, 1_000)
        bar.validation(0, {"hr@10": 0.25, "ndcg@10": 0.125}, best=True)
        bar.validation(0, {"hr@10": 0.2, "ndcg@10": 0.1}, best=False)
        bar.message("interrupted")
    lines = text.getvalue().splitlines()
    best = [line for line in lines if line.endswith("best")]
    assert len(best) == 1
    assert "epoch  1.0" in best[0]
    assert "loss 3.900" in best[0]
    assert "HR@10 0.250" in best[0]
    assert "NDCG@10 0.125" in best[0]
    assert "interrupted" in lines
    assert any("50%" in line for line in lines)


def test_training_shows_its_progress_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, sample_dataset: Dataset
) -> None:
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    screen, file = Terminal(), StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    assert isinstance(training_progress(2), TrainingBar)
    train(sample_dataset, QUICK, SMALL, listener=None)
    assert screen.getvalue() == ""
    train(sample_dataset, QUICK, SMALL)
    assert "validation HR@10" in screen.getvalue()
    monkeypatch.setattr(sys, "stderr", file)
    train(sample_dataset, QUICK, SMALL)
    assert training_progress(2) is None
    assert file.getvalue() == ""


def test_training_shows_its_progress_in_a_notebook(tmp_path: Path) -> None:
    cells = [
        "from towhee_recsys import Dataset, train\n"
        "from towhee_recsys.model import ModelConfig\n"
        "from towhee_recsys.training import TrainingConfig\n"
        "dataset = Dataset.load('sample')\n"
        f"settings = TrainingConfig({_given(QUICK)}), ModelConfig({_given(SMALL)})\n"
        "bundle = train(dataset, *settings)",
        "bundle = train(dataset, *settings, listener=None)",
        "dataset",
    ]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    folder = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=folder).execute()
    shown, silent, dataset = (cell.outputs for cell in notebook.cells)
    (line,) = shown
    text = line["data"]["text/plain"]
    assert re.fullmatch(r"100% epoch 0\.\d loss \d\.\d\d .+/s HR@10 0\.\d+ NDCG@10 0\.\d+", text)
    assert silent == []
    page = dataset[0]["data"]["text/html"]
    assert "<b>sample</b>: 400 users, 300 items" in page
    assert "genres (multi_categorical)" in page


def _given(settings: TrainingConfig | ModelConfig) -> str:
    given = settings.model_dump(include=settings.model_fields_set)
    return ", ".join(f"{name}={value!r}" for name, value in given.items())
