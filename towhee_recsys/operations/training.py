"""Train a model and keep it in a home, measure it, and write the report about it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Dataset, split
from towhee_recsys.datasets.splits import AUTO, checked_holdout
from towhee_recsys.errors import BundleError
from towhee_recsys.evaluation.budget import Within, baselines_within
from towhee_recsys.evaluation.evaluation import EvaluationProgress, evaluate
from towhee_recsys.model import ModelConfig
from towhee_recsys.operations.home import Home
from towhee_recsys.reporting.findings import Findings, with_results
from towhee_recsys.training import Listener, TrainingConfig, preset
from towhee_recsys.training import train as fit
from towhee_recsys.training.checkpoint import Checkpoint


def settings(
    home: Home,
    dataset: Dataset,
    name: str = "balanced",
    *,
    epochs: float | None = None,
    time_budget: float | None = None,
    holdout: str = AUTO,
    seed: int = 0,
) -> tuple[ModelConfig, TrainingConfig]:
    """The settings of a preset, changed as asked.

    Args:
        home: where the model will be kept.
        dataset: what to train on.
        name: of the preset.
        epochs: by default as the preset says. With ``holdout="none"`` nothing can show when to
            stop: then as many as were best for the model that the home holds of the same data.
        time_budget: seconds, in place of epochs.
        holdout: which interactions are kept back, to evaluate on.
        seed: of all that is drawn.

    Raises:
        TrainingError: there is no such preset.
    """
    model, config = preset(name)
    if holdout == "none" and epochs is None and time_budget is None:
        epochs = _best_epochs(home, dataset)
    changes: dict[str, Any] = {"holdout": checked_holdout(holdout), "seed": seed}
    if epochs is not None:
        changes |= {"epochs": epochs, "min_steps": 1}
    if time_budget is not None:
        changes["time_budget"] = time_budget
    return model, config.model_copy(update=changes)


def _best_epochs(home: Home, dataset: Dataset) -> float | None:
    try:
        meta = home.metadata()
    except BundleError:
        return None
    same = dataset.source is not None and meta.sha256 == dataset.source.sha256
    return meta.epochs if same and not meta.interrupted else None


def earlier(home: Home, dataset: Dataset) -> Bundle | None:
    """The home's model, if it was trained on this data and validated."""
    try:
        bundle = Bundle.load(home.bundle)
    except BundleError:
        return None
    same = dataset.source is not None and bundle.metadata.sha256 == dataset.source.sha256
    return bundle if same and bundle.metadata.validation else None


def baselines_in_time(dataset: Dataset, config: TrainingConfig, started: float) -> Within:
    """Which baselines `measure` can compare with in the time budget; all if there is none.

    Args:
        dataset: what to train on.
        config: how to train.
        started: `time.monotonic()` when the command began.
    """
    if config.time_budget is None or config.holdout == "none":
        return Within()
    return baselines_within(
        dataset, config.holdout, started + config.time_budget - time.monotonic()
    )


def train(
    home: Home,
    dataset: Dataset,
    model: ModelConfig,
    config: TrainingConfig,
    *,
    listener: Listener | None = None,
    checkpoint: bool = True,
    resume: bool = False,
    started: float | None = None,
    kept_back: float = 0.0,
) -> Bundle:
    """Train a model and save it in the home.

    Args:
        home: where to keep the model.
        dataset: what to train on.
        model: the shape of the towers.
        config: how to train them.
        listener: hears of every step and validation.
        checkpoint: keep the state of the run in the home, to resume it if it does not end.
        resume: go on with such a run.
        started: `time.monotonic()` when the command began, for the time budget; by default now.
        kept_back: seconds of the time budget that are left for `measure`.

    Raises:
        TrainingError: there is nothing to learn, or nothing to resume.
    """
    bundle = fit(
        dataset,
        config,
        model,
        checkpoint=home.checkpoint if checkpoint else None,
        resume=resume,
        listener=listener,
        started=(time.monotonic() if started is None else started) - kept_back,
    )
    bundle.save(home.bundle)
    if checkpoint and not bundle.metadata.interrupted:
        Checkpoint.remove(home.checkpoint)
    return bundle


def measure(
    home: Home,
    bundle: Bundle,
    dataset: Dataset,
    progress: EvaluationProgress | None = None,
    left_out: Mapping[str, float] | None = None,
) -> tuple[Bundle, Findings | None]:
    """Evaluate the home's model beside baselines, and keep the results with it.

    Args:
        home: where the model is kept.
        bundle: the model.
        dataset: what it was trained on.
        progress: see `evaluate`.
        left_out: baselines that do not fit into the time budget; see `baselines_in_time`.

    Returns:
        The bundle with its results, and what the report shows of them. Where nothing is held out
        or no user has enough interactions, nothing is evaluated: the bundle as it is, and None.
    """
    held_out, _ = split(dataset.histories, bundle.metadata.holdout, dataset.name)
    if not (held_out.test >= 0).any():
        return bundle, None
    found = Findings.of(evaluate(bundle, dataset, left_out=left_out, progress=progress))
    bundle = with_results(bundle, found)
    bundle.save(home.bundle)
    return bundle, found


def write_report(home: Home, bundle: Bundle, dataset: Dataset, findings: Findings | None) -> Path:
    """Write the page about the home's model, and return its path.

    Raises:
        TrainingError: there is something else in its place.
    """
    from towhee_recsys.reporting.report import write_report as write  # imports Matplotlib

    return write(home.report, bundle, dataset, findings)
