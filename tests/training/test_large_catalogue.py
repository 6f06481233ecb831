"""With many items, a step computes only what it needs, and learns the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.tiny import CYCLE, SHORT, TINY
from numpy.typing import NDArray

from towhee_recsys import Dataset, evaluate, train
from towhee_recsys.evaluation import calibration_fit
from towhee_recsys.evaluation.ranking import Answers, answer_users
from towhee_recsys.features import FIRST
from towhee_recsys.training import fitting, trainer
from towhee_recsys.training.trainer import Trainer, _equal
from towhee_recsys.training.training_data import TrainingData


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 items are many."""
    monkeypatch.setattr(trainer, "SMALL_CATALOGUE", CYCLE // 2)
    monkeypatch.setattr(trainer, "SAMPLED", CYCLE // 3)


@pytest.mark.usefixtures("large")
def test_large_catalogue_is_trained_on_samples(cycle_dataset: Dataset) -> None:
    assert SHORT.negatives is None
    assert evaluate(train(cycle_dataset, SHORT, TINY), cycle_dataset).test["hr@10"] > 0.95


@pytest.mark.usefixtures("large")
def test_step_updates_only_its_rows(cycle_dataset: Dataset) -> None:
    data = TrainingData.of(cycle_dataset, "last-two")
    one = SHORT.model_copy(update={"batch_positions": 12, "id_dropout": 0.0})
    run = Trainer(data, one.model_copy(update={"negatives": 4}), TINY)
    before = run.model.item.ids.weight.numpy().copy()
    rng = np.random.default_rng(0)
    batch = next(run.batches.epoch(np.random.default_rng(1)))
    drawn = run._negatives(np.random.default_rng(0))
    assert drawn is not None
    used = run._used(batch, drawn)
    assert 4 <= len(used) < CYCLE
    run._step(batch, 1e-2, rng)
    moved = np.flatnonzero(np.abs(run.model.item.ids.weight.numpy() - before).max(axis=1)) - FIRST
    assert set(moved.tolist()) <= set(used.tolist())
    assert set(batch.targets.tolist()) <= set(moved.tolist())


def test_sparse_step_has_the_same_loss_as_a_full_step(
    cycle_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = TrainingData.of(cycle_dataset, "last-two")
    some = SHORT.model_copy(update={"batch_positions": 12, "id_dropout": 0.0, "negatives": 6})
    losses = []
    for many in (10_000, 1):
        monkeypatch.setattr(trainer, "SMALL_CATALOGUE", many)
        run = Trainer(data, some, TINY)
        batch = next(run.batches.epoch(np.random.default_rng(1)))
        losses.append(float(run._loss(batch, np.random.default_rng(2))))
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)


def test_drawn_targets_are_found() -> None:
    targets = np.array([5, 9, 0, 3, 5])
    rows, columns = _equal(targets, np.array([3, 5, 1]))
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (3, 0), (4, 1)]
    assert _equal(np.array([7]), np.array([3]))[0].tolist() == []


def test_large_data_is_validated_on_some_users(
    cycle_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    validated: list[tuple[int, int]] = []

    def answered(*args: Any, users: NDArray[np.int64], length: int, **more: Any) -> Answers:
        validated.append((len(users), length))
        return answer_users(*args, users=users, length=length, **more)

    monkeypatch.setattr(fitting, "answer_users", answered)
    brief = SHORT.model_copy(update={"epochs": 1})
    whole = train(cycle_dataset, brief, TINY)
    assert validated == [(80, 100), (0, 0), (80, 0)]  # the model, and popularity
    # Lists to learn from what scores are worth are dearer still: then some of those get none.
    monkeypatch.setattr(calibration_fit, "SCORES", 3 * CYCLE)
    assert train(cycle_dataset, brief, TINY).metadata.validation == pytest.approx(
        whole.metadata.validation
    )
    monkeypatch.setattr(fitting, "MEASURED_SCORES", 5 * CYCLE)
    train(cycle_dataset, brief, TINY)
    assert validated[3:] == [(3, 100), (77, 0), (80, 0), (3, 100), (2, 0), (5, 0)]
