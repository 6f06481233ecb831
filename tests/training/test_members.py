"""Members are trained separately, with enough data in processes, and used side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from fixtures.tiny import SHORT, cycle

from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, train
from towhee_recsys.errors import TrainingError
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import TrainingConfig, fitting, members
from towhee_recsys.training.listener import NullListener
from towhee_recsys.training.training_data import TrainingData

TWO = ModelConfig(embedding_size=32, members=2, heads=4, hidden_size=32, max_history=12, blocks=1)
BRIEF = SHORT.model_copy(update={"epochs": 4})


@pytest.fixture(scope="module")
def pair(cycle_dataset: Dataset) -> Bundle:
    return train(cycle_dataset, BRIEF, TWO)


def test_vectors_of_members_are_side_by_side(pair: Bundle, cycle_dataset: Dataset) -> None:
    half = ModelConfig(**{**TWO.model_dump(), "embedding_size": 16, "members": 1})
    walk = [{"history": [3, 4, 5]}, {}]
    users, items = UserEncoder(pair).encode(walk), ItemEncoder(pair).encode([{"item_id": 6}])
    for member in range(2):
        weights = {
            name.replace(f"{member}.", "0.", 1): weight
            for name, weight in pair.weights.items()
            if name.startswith(f"{member}.")
        }
        alone = replace(pair, config=half, weights=weights)
        part = slice(16 * member, 16 * member + 16)
        np.testing.assert_allclose(users[:, part], UserEncoder(alone).encode(walk), atol=1e-6)
        one = ItemEncoder(alone).encode([{"item_id": 6}])
        np.testing.assert_allclose(items[:, part], one, atol=1e-6)
    assert np.abs(users[:, :16] - users[:, 16:]).max() > 0.01  # each has a seed of its own


def test_curve_has_all_members(pair: Bundle) -> None:
    assert {point["member"] for point in pair.metadata.curve} == {0, 1}
    for point in pair.metadata.curve:
        assert point.keys() == {"member", "epoch", "loss", "hr@10", "ndcg@10"}
        assert 0 < point["loss"] < 10


class Counter(NullListener):
    def __init__(self) -> None:
        self.steps = {0: 0, 1: 0}

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        self.steps[member] += 1


def test_processes_give_the_same_model_as_one_process(
    pair: Bundle, cycle_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "WORTH_A_PROCESS", 0)
    counter = Counter()
    apart = train(cycle_dataset, BRIEF, TWO, listener=counter)
    assert apart.weights.keys() == pair.weights.keys()
    for name, weight in pair.weights.items():
        np.testing.assert_allclose(apart.weights[name], weight, atol=1e-4)
    found = [(point["member"], point["epoch"]) for point in apart.metadata.curve]
    assert found == [(point["member"], point["epoch"]) for point in pair.metadata.curve]
    assert counter.steps[0] == counter.steps[1] > 0


def test_error_in_a_process_is_reported(
    cycle_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "WORTH_A_PROCESS", 0)
    wild = TrainingConfig(epochs=50, learning_rate=1e38)
    with pytest.raises(TrainingError, match="smaller learning rate than 1e"):
        train(cycle_dataset, wild, TWO)


def test_process_that_dies_is_reported(
    cycle_dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = TrainingData.of(cycle_dataset, "last-two")
    job = members.Job(data, BRIEF, TWO, None, False, None)
    (tmp_path / "paddle.py").write_text("raise MemoryError('no room')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(TrainingError, match=r"member [01] ended: MemoryError: no room"):
        members.train_in_processes(job, NullListener())


CHILD = """
import sys
from pathlib import Path
from fixtures.tiny import SHORT, cycle
from towhee_recsys import train
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import fitting
from towhee_recsys.training.listener import NullListener

fitting.WORTH_A_PROCESS = 0
seen = set()

class Tell(NullListener):
    def validation(self, member, metrics, best):
        seen.add(member)
        if len(seen) == 2:
            print("ready", flush=True)

long = SHORT.model_copy(update={"epochs": 10_000, "patience": 10_000})
model = ModelConfig.model_validate_json(sys.argv[1])
folder = Path(sys.argv[2])
train(cycle(), long, model, listener=Tell(), checkpoint=folder).save(folder.parent / "bundle")
"""


def _child(folder: Path) -> subprocess.Popen[str]:
    """A run in two processes, both of which have validated once."""
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests.parent)])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, TWO.model_dump_json(), str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def _workers(parent: int) -> list[int]:
    return [process.pid for process in psutil.Process(parent).children()]


@pytest.mark.long
def test_interrupt_reaches_all_members_and_keeps_the_best(tmp_path: Path) -> None:
    child = _child(tmp_path / "run")
    assert len(_workers(child.pid)) == 2
    child.send_signal(signal.SIGINT)
    assert child.wait(120) == 0
    bundle = Bundle.load(tmp_path / "bundle")
    assert bundle.config.members == 2
    assert 0 < bundle.metadata.epochs < 10_000
    assert {point["member"] for point in bundle.metadata.curve} == {0, 1}


@pytest.mark.slow
def test_killed_run_leaves_no_process_and_resumes(tmp_path: Path) -> None:
    child = _child(tmp_path / "run")
    workers = [psutil.Process(pid) for pid in _workers(child.pid)]
    child.kill()
    child.wait()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive  # nobody listens any more
    assert sorted(p.name for p in (tmp_path / "run").iterdir() if p.name.isdigit()) == ["0", "1"]
    long = SHORT.model_copy(update={"epochs": 10_000, "patience": 10_000})

    class Stop(NullListener):
        def __init__(self) -> None:
            self.messages: list[str] = []

        def message(self, text: str) -> None:
            self.messages.append(text)

        def step(
            self, member: int, fraction: float, epoch: float, loss: float, examples: int
        ) -> None:
            raise KeyboardInterrupt

    ear = Stop()
    train(cycle(), long, TWO, checkpoint=tmp_path / "run", resume=True, listener=ear)
    assert [m for m in ear.messages if m.startswith("resuming after epoch")]
