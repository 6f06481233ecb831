"""Train all members of a model on a data set, and make a bundle with its validation metrics."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from towhee_recsys._version import __version__
from towhee_recsys.bundle import Bundle
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.bundle.popularity import find_segments
from towhee_recsys.datasets import Dataset
from towhee_recsys.datasets.enough import too_small
from towhee_recsys.datasets.splits import NONE
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation import calibration_fit
from towhee_recsys.evaluation.baselines import popular_score
from towhee_recsys.evaluation.evaluation import model_scores
from towhee_recsys.evaluation.metrics import summary
from towhee_recsys.evaluation.ranking import Answers, Score, answer_users
from towhee_recsys.features import Vocabulary
from towhee_recsys.model import ModelConfig
from towhee_recsys.model.backend import paddle
from towhee_recsys.progress import training_progress
from towhee_recsys.training.checkpoint import Checkpoint
from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.listener import Listener, NullListener
from towhee_recsys.training.members import Job, train_in_processes
from towhee_recsys.training.presets import preset
from towhee_recsys.training.trainer import MEASURED_SCORES, Fit
from towhee_recsys.training.training_data import TrainingData
from towhee_recsys.types import ITEM_ID, USER_ID

WORTH_A_PROCESS = 100_000
"""With more interactions than this, processes save more time than they take to start."""


def train(
    dataset: Dataset,
    config: TrainingConfig | None = None,
    model: ModelConfig | None = None,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    listener: Listener | Literal["auto"] | None = "auto",
    started: float | None = None,
) -> Bundle:
    """Train a model on a data set and return the best one.

    Members are trained at the same time, each in a process of its own with one core. With little
    data they are trained one after the other in this process. An interrupt from the keyboard ends
    training early with the best model so far.

    Args:
        dataset: the data to train on.
        config: the settings; `preset` has some with measured results. By default those of
            ``preset("balanced")``.
        model: the shape of the towers; by default that of the same preset. If the data does not say
            the order of interactions, it becomes a model in which order has no part.
        checkpoint: a folder to write the state to after each epoch. Remove it with
            `Checkpoint.remove` when the bundle is saved.
        resume: continue from `checkpoint`.
        listener: is told of every step and validation. By default progress is shown in a notebook,
            and on stderr if that is a terminal; None shows nothing.
        started: `time.monotonic()` when the command began, for the time budget; now by default.

    Raises:
        TrainingError: the data has too few items, or there is nothing to resume.
    """
    started = time.monotonic() if started is None else started
    default_model, default_config = preset("balanced")
    config, model = config or default_config, model or default_model
    data = TrainingData.of(dataset, config.holdout)
    config = config.model_copy(update={"holdout": data.holdout})
    if not dataset.histories.ordered:
        model = model.model_copy(update={"ordered": False})
    held_out = data.holdout != NONE
    refused = too_small(dataset.name, data.items, len(data.trained), held_out)
    if refused:
        raise TrainingError(str(refused))
    deadline = None if config.time_budget is None else started + config.time_budget
    job = Job(data, config, model, checkpoint, resume, deadline)
    if resume and not any(map(Checkpoint.exists, job.checkpoints)):
        raise TrainingError(
            f"there is nothing to resume at {checkpoint}; train without --resume"
            if checkpoint
            else "there is no checkpoint to resume from; name its folder"
        )
    if not resume:
        for folder in job.checkpoints:
            Checkpoint.remove(folder)
    apart = model.members > 1 and len(data.split.train.items) >= WORTH_A_PROCESS
    with _told(listener, model.members) as told:
        fits = (train_in_processes if apart else _in_turn)(job, told)
        seconds = (max if apart else sum)(fit.seconds for fit in fits)
        bundle = _bundle(dataset, job, fits, seconds)
        try:
            return _measured(bundle, dataset, data)
        except KeyboardInterrupt:
            told.message("interrupted: keeping the model without its metrics")
            return bundle


@contextmanager
def _told(listener: Listener | Literal["auto"] | None, members: int) -> Iterator[Listener]:
    """Yield who is told; for "auto" it is shown to somebody who sits before it."""
    bar = training_progress(members) if listener == "auto" else None
    if bar:
        with bar:
            yield bar
    else:
        yield NullListener() if listener is None or isinstance(listener, str) else listener


def _in_turn(job: Job, listener: Listener) -> list[Fit]:
    """Train one member after the other.

    An interrupt ends training. The last member that has weights then takes the place of the missing
    ones too, so that the model is complete.
    """
    fits: list[Fit] = []
    for member in range(job.model.members):
        deadline = job.deadline
        if deadline is not None:
            now = time.monotonic()
            deadline = now + (deadline - now) / (job.model.members - member)
        try:
            fits.append(replace(job, deadline=deadline).trainer(member, listener).run(job.resume))
        except KeyboardInterrupt:
            if not fits:
                raise
            fits[-1] = replace(fits[-1], interrupted=True)
        if fits[-1].interrupted:
            return fits + [fits[-1]] * (job.model.members - len(fits))
    return fits


def _bundle(dataset: Dataset, job: Job, fits: Sequence[Fit], seconds: float) -> Bundle:
    data, source = job.data, dataset.source
    return Bundle(
        schema=dataset.schema,
        config=job.model,
        weights={
            f"{member}.{name}": weight
            for member, fit in enumerate(fits)
            for name, weight in fit.weights.items()
        },
        item_ids=Vocabulary(dataset.items[ITEM_ID].tolist()),
        item_codes=data.codes,
        item_arrays=data.item_arrays,
        popularity=data.popularity,
        user_features=data.user_features,
        item_features=data.item_features,
        segments=find_segments(data.split.train, data.items, data.user_features, data.user_arrays),
        metadata=Metadata(
            data=dataset.name,
            location=source.location if source else None,
            sha256=source.sha256 if source else None,
            id_types={
                name: "int" if table[name].dtype.kind == "i" else "str"
                for name, table in ((USER_ID, dataset.users), (ITEM_ID, dataset.items))
            },
            order=dataset.order,
            holdout=job.config.holdout,
            users=len(dataset.users),
            items=data.items,
            interactions=len(data.split.train.items),
            epochs=float(np.mean([fit.epochs for fit in fits])),
            seconds=round(seconds, 1),
            interrupted=any(fit.interrupted for fit in fits),
            seed=job.config.seed,
            preset=job.config.preset,
            training=job.config.model_dump(mode="json"),
            curve=[dict(point) for fit in fits for point in fit.curve],
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            versions={
                "towhee_recsys": __version__,
                "paddlepaddle": paddle.__version__,
                "python": platform.python_version(),
            },
        ),
    )


def _measured(bundle: Bundle, dataset: Dataset, data: TrainingData) -> Bundle:
    """The bundle with its validation metrics and its calibration."""
    everyone = np.flatnonzero(data.split.validation >= 0)
    if not len(everyone):
        return bundle
    users = np.random.default_rng(0).permutation(everyone)[: MEASURED_SCORES // data.items]
    some = min(calibration_fit.USERS, calibration_fit.SCORES // data.items)
    everything = np.arange(data.items)

    def answers(score: Score, rows: NDArray[np.int64], length: int) -> Answers:
        return answer_users(
            score,
            data.split,
            "validation",
            everything,
            data.order,
            length=length,
            users=np.sort(rows),
        )

    model = model_scores(bundle, dataset)
    listed = answers(model, users[:some], calibration_fit.LENGTH)
    ranks = np.concatenate([listed.ranks, answers(model, users[some:], 0).ranks])
    popular = answers(popular_score(data.popularity), users, 0)
    results = {
        "validation": summary(ranks),
        "popularity": summary(popular.ranks),
        "evaluated": len(ranks),
    }
    return replace(
        bundle,
        metadata=bundle.metadata.model_copy(update=results),
        calibration=calibration_fit.calibrate(listed, data.split.validation[listed.users]),
    )
