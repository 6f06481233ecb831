"""Training a home's model: its settings, what is saved, and what is measured."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fixtures.tiny import SHORT, TINY

from towhee_recsys import Bundle, Dataset
from towhee_recsys.errors import TrainingError
from towhee_recsys.operations import training
from towhee_recsys.operations.home import Home
from towhee_recsys.training import preset
from towhee_recsys.training.listener import Listener, NullListener

BRIEF = SHORT.model_copy(update={"epochs": 2})


class Impatient(NullListener):
    """Interrupts the training after its first validation."""

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        raise KeyboardInterrupt


def test_settings_of_a_preset_change_as_asked(tmp_path: Path, sample_dataset: Dataset) -> None:
    home = Home(tmp_path)
    model, config = training.settings(home, sample_dataset, "fast")
    assert (model, config) == preset("fast")
    _, config = training.settings(home, sample_dataset, epochs=3, seed=7, time_budget=60)
    assert (config.epochs, config.min_steps, config.seed, config.time_budget) == (3, 1, 7, 60)
    with pytest.raises(TrainingError, match="there is no preset 'slow'"):
        training.settings(home, sample_dataset, "slow")


def test_training_on_everything_takes_the_epochs_that_were_best(
    tmp_path: Path, sample_dataset: Dataset, sample_bundle: Bundle, cycle_dataset: Dataset
) -> None:
    home = Home(tmp_path)
    default = preset("balanced")[1].epochs
    _, config = training.settings(home, sample_dataset, holdout="none")
    assert config.epochs == default
    sample_bundle.save(home.bundle)
    _, config = training.settings(home, sample_dataset, holdout="none")
    assert config.epochs == sample_bundle.metadata.epochs != default
    _, config = training.settings(home, cycle_dataset, holdout="none")  # other data
    assert config.epochs == default


def test_a_trained_model_is_saved_and_measured(tmp_path: Path, cycle_dataset: Dataset) -> None:
    home = Home(tmp_path)
    bundle = training.train(home, cycle_dataset, TINY, BRIEF)
    assert Bundle.load(home.bundle).fingerprint == bundle.fingerprint
    assert not home.checkpoint.exists()
    measured, findings = training.measure(home, bundle, cycle_dataset)
    assert findings is not None
    assert {row.name for row in findings.baselines} == {"EASE with decay", "popularity"}
    kept = Bundle.load(home.bundle).metadata
    assert kept.test == measured.metadata.test != {}
    assert kept.comparison == findings.comparison
    assert findings.comparison is not None
    assert findings.verdict in (home.bundle / "MODEL_CARD.md").read_text("utf-8")
    page = training.write_report(home, measured, cycle_dataset, findings)
    assert page == home.report / "index.html"


def test_baselines_are_measured_within_the_time_budget(
    tmp_path: Path, cycle_dataset: Dataset
) -> None:
    now = time.monotonic()
    for changes in ({}, {"time_budget": 1e5, "holdout": "none"}):
        within = training.baselines_in_time(cycle_dataset, BRIEF.model_copy(update=changes), now)
        assert (within.seconds, within.left_out) == (0, {})
    within = training.baselines_in_time(
        cycle_dataset, BRIEF.model_copy(update={"time_budget": 1e5}), now
    )
    assert within.left_out == {}
    assert within.seconds > 0
    # All but a millisecond of the budget is spent before the baselines are timed.
    config = BRIEF.model_copy(update={"time_budget": 1e5})
    within = training.baselines_in_time(cycle_dataset, config, time.monotonic() - 1e5 + 1e-3)
    assert list(within.left_out) == ["decayed-ease"]


def test_a_baseline_that_is_left_out_is_told(
    tmp_path: Path, cycle_dataset: Dataset, cycle_bundle: Bundle
) -> None:
    home = Home(tmp_path)
    measured, findings = training.measure(
        home, cycle_bundle, cycle_dataset, left_out={"decayed-ease": 95.0}
    )
    assert findings is not None
    assert [row.name for row in findings.baselines] == ["popularity"]
    assert "Left out, as it does not fit into the time budget" in findings.verdict
    page = training.write_report(home, measured, cycle_dataset, findings)
    assert findings.verdict in page.read_text("utf-8")
    assert "the best baseline" not in page.read_text("utf-8")


@pytest.mark.parametrize("checkpoint", [True, False])
def test_an_interrupted_run_can_be_resumed_if_its_state_is_kept(
    checkpoint: bool, tmp_path: Path, cycle_dataset: Dataset
) -> None:
    home = Home(tmp_path)
    listener: Listener = Impatient()
    bundle = training.train(
        home, cycle_dataset, TINY, SHORT, listener=listener, checkpoint=checkpoint
    )
    assert bundle.metadata.interrupted
    assert home.checkpoint.exists() is checkpoint


def test_the_model_of_an_earlier_run_on_the_same_data(
    tmp_path: Path, sample_dataset: Dataset, sample_bundle: Bundle, cycle_dataset: Dataset
) -> None:
    home = Home(tmp_path)
    assert training.earlier(home, sample_dataset) is None
    sample_bundle.save(home.bundle)
    found = training.earlier(home, sample_dataset)
    assert found is not None
    assert found.fingerprint == sample_bundle.fingerprint
    assert training.earlier(home, cycle_dataset) is None
