"""A killed run resumes as if it had not been killed, and only with its own state."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fixtures.tiny import SHORT, TINY, cycle

from towhee_recsys import Bundle, Dataset, train
from towhee_recsys.errors import TrainingError
from towhee_recsys.training.checkpoint import Checkpoint, RunState

TESTS = Path(__file__).parents[1]

CHILD = """
import sys, time
from pathlib import Path
from fixtures.tiny import SHORT, TINY, cycle
from towhee_recsys import train

class Wait:
    def step(self, member, fraction, epoch, loss, examples):
        if epoch >= 4.5:
            print("ready", flush=True)
            time.sleep(600)
    def validation(self, member, metrics, best): pass
    def message(self, text): pass

train(cycle(), SHORT, TINY, checkpoint=Path(sys.argv[1]), listener=Wait())
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a run that was killed in its fifth epoch."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"ready\n"
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    if sys.platform != "win32":
        assert child.returncode == -signal.SIGKILL
    return folder


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(killed, tmp_path / "run"))


class Ear:
    def __init__(self) -> None:
        self.first = 0.0
        self.messages: list[str] = []

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        self.first = self.first or epoch

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None: ...

    def message(self, text: str) -> None:
        self.messages.append(text)


def test_killed_run_resumes_to_the_same_result(
    run: Path, cycle_dataset: Dataset, cycle_bundle: Bundle
) -> None:
    ear = Ear()
    resumed = train(cycle_dataset, SHORT, TINY, checkpoint=run, resume=True, listener=ear)
    assert ear.messages == ["resuming after epoch 4"]
    assert ear.first > 4  # steps are not taken again
    for name, weight in cycle_bundle.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weight)
    assert resumed.fingerprint == cycle_bundle.fingerprint
    assert resumed.metadata.epochs == cycle_bundle.metadata.epochs
    assert resumed.metadata.validation == cycle_bundle.metadata.validation
    Checkpoint.remove(run)
    assert list(run.parent.iterdir()) == []


def test_run_resumes_only_with_the_same_settings(run: Path, cycle_dataset: Dataset) -> None:
    others = [
        (SHORT.model_copy(update={"seed": 1}), TINY),
        (SHORT.model_copy(update={"epochs": 16}), TINY),
        (SHORT, TINY.model_copy(update={"blocks": 2})),
    ]
    for config, model in others:
        with pytest.raises(TrainingError, match="other data or settings"):
            train(cycle_dataset, config, model, checkpoint=run, resume=True)
    assert run.exists()


def _other_histories(data: Dataset) -> Dataset:
    return Dataset.from_frames(data.interactions.iloc[::-1].assign(timestamp=0), data.items)


def _other_targets(data: Dataset) -> Dataset:
    plays = data.interactions
    swapped = plays.assign(timestamp=plays["timestamp"].replace({8: 9, 9: 8}))
    return Dataset.from_frames(swapped, data.items)


def _other_values(data: Dataset) -> Dataset:
    items = data.items.assign(half=data.items["half"].tolist()[::-1])
    return Dataset.from_frames(data.interactions, items)


def _other_ids(data: Dataset) -> Dataset:
    items = data.items.assign(item_id=data.items["item_id"] + 100)
    plays = data.interactions
    return Dataset.from_frames(plays.assign(item_id=plays["item_id"] + 100), items)


def _other_columns(data: Dataset) -> Dataset:
    users = pd.DataFrame({"user_id": data.users["user_id"], "age": 30})
    return Dataset.from_frames(data.interactions, data.items, users)


@pytest.mark.parametrize(
    "change", [_other_histories, _other_targets, _other_values, _other_ids, _other_columns]
)
def test_run_resumes_only_with_the_same_data(run: Path, change: object) -> None:
    assert callable(change)
    with pytest.raises(TrainingError, match="other data or settings"):
        train(change(cycle()), SHORT, TINY, checkpoint=run, resume=True)


def test_resuming_needs_a_checkpoint(tmp_path: Path, cycle_dataset: Dataset) -> None:
    with pytest.raises(TrainingError, match=r"nothing to resume at .*none; train without --resume"):
        train(cycle_dataset, SHORT, TINY, checkpoint=tmp_path / "none", resume=True)
    with pytest.raises(TrainingError, match="no checkpoint to resume from"):
        train(cycle_dataset, SHORT, TINY, resume=True)


@pytest.mark.parametrize("name", ["weights", "optimizer", "best", "progress"])
@pytest.mark.parametrize("damage", ["cut", "removed"])
def test_damaged_checkpoint_is_refused(run: Path, name: str, damage: str) -> None:
    (file,) = run.glob(f"0/{name}.*")
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-7])
    else:
        file.unlink()
    with pytest.raises(TrainingError, match="is damaged"):
        train(cycle(), SHORT, TINY, checkpoint=run, resume=True)


def _checkpoint(epoch: int) -> Checkpoint:
    arrays = {"a": np.full(3, epoch, np.float32)}
    return Checkpoint(RunState("run", epoch=epoch, best_ndcg=0.5), arrays, arrays, {})


def test_checkpoint_is_saved_and_loaded(tmp_path: Path) -> None:
    for epoch in (1, 2):
        _checkpoint(epoch).save(tmp_path / "deep" / "run")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["run"]
    found = Checkpoint.load(tmp_path / "deep" / "run", "run")
    assert found.state == RunState("run", epoch=2, best_ndcg=0.5)
    assert found.weights["a"].tolist() == found.optimizer["a"].tolist() == [2, 2, 2]
    assert found.best == {}
    assert dataclasses.asdict(found.state)["finished"] is False


def test_kill_between_renames_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    _checkpoint(1).save(folder)
    _checkpoint(2).save(tmp_path / "run.new")  # written whole,
    folder.rename(tmp_path / "run.old")  # and the old one out of the way: killed here
    assert Checkpoint.load(folder, "run").state.epoch == 2
    _checkpoint(3).save(folder)
    assert Checkpoint.load(folder, "run").state.epoch == 3
    Checkpoint.remove(folder)
    assert list(tmp_path.iterdir()) == []


def test_kill_while_writing_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    _checkpoint(1).save(folder)
    (tmp_path / "run.new").mkdir()
    (tmp_path / "run.new" / "weights.safetensors").write_bytes(b"half")
    assert Checkpoint.load(folder, "run").state.epoch == 1
    _checkpoint(2).save(folder)
    assert Checkpoint.load(folder, "run").state.epoch == 2
