"""Arrays → one member's weights: the loop that fits its towers, keeps the best, can be stopped."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.evaluation import rank_users
from towhee_recsys.evaluation.metrics import summary
from towhee_recsys.features import FIRST, UNKNOWN
from towhee_recsys.model import ModelConfig, TwoTowers, sampled_softmax_loss, softmax_loss
from towhee_recsys.model.backend import functional, paddle
from towhee_recsys.model.inference import UserForward, item_vectors
from towhee_recsys.model.losses import Pairs
from towhee_recsys.model.weights import set_weights
from towhee_recsys.training.batches import Batch, Batches, seen_pairs
from towhee_recsys.training.checkpoint import Arrays, Checkpoint, Progress
from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.data import TrainingData
from towhee_recsys.training.dropout import MaskPool
from towhee_recsys.training.initial import initial_vectors
from towhee_recsys.training.interrupts import uninterrupted
from towhee_recsys.training.listener import Listener, Silence
from towhee_recsys.training.optimizer import Optimizer
from towhee_recsys.training.schedule import Schedule, learning_rate

SMALL_CATALOGUE = 10_000
"""Items up to which a step computes the vectors of all, and ranks the next one against all; of more
it takes those that it needs."""
SAMPLED = 2_048
"""Items drawn for a batch where there are more, and the settings name no number."""
MEASURED_SCORES = 2**31
"""Scores that the whole model is validated by at the end: of all users, unless users times items
are more."""
_SAVING = 3.0
"""Seconds kept back of a time budget for what comes after the last validation."""


@dataclass(frozen=True)
class Fit:
    """What came out of a member's training."""

    weights: Arrays
    epochs: float
    """How often it had gone through the data when it was best."""
    seconds: float
    """Spent training, over all sittings."""
    curve: Sequence[Mapping[str, float]]
    """See `Metadata.curve`."""
    interrupted: bool = False
    """It could have become better."""


class Trainer:
    """One member's training run."""

    def __init__(
        self,
        data: TrainingData,
        config: TrainingConfig,
        model: ModelConfig,
        member: int = 0,
        *,
        checkpoint: Path | None = None,
        listener: Listener | None = None,
        deadline: float | None = None,
    ) -> None:
        """
        Args:
            data: what to learn from.
            config: how.
            model: the shape of the towers.
            member: which of the model's, from 0.
            checkpoint: a folder to write the state to after each epoch.
            listener: hears of every step and validation.
            deadline: `time.monotonic()` at which all must be done, the last validation included;
                takes the place of ``config.epochs``.
        """
        self.data, self.config, self.member = data, config, member
        self.checkpoint, self.listener = checkpoint, listener or Silence()
        self.deadline = deadline
        paddle.seed(int(self._rng(0).integers(2**31)))
        with paddle.utils.unique_name.guard():
            self.model = TwoTowers(
                data.items,
                data.user_features,
                data.item_features,
                model,
                data.items > SMALL_CATALOGUE,
            )
        self.optimizer = Optimizer(self.model, config)
        self.batches = Batches(
            data.split.train, data.items, model.max_history, config.batch_positions
        )
        positions = max(config.batch_positions, model.max_history + 1)
        self.masks = MaskPool(config.dropout, positions * model.member_size, self._rng(3))
        self.everyone = np.flatnonzero(data.split.validation >= 0)
        # All members ask the same users, so that their figures can be compared.
        asked = np.random.default_rng([config.seed, 1]).permutation(self.everyone)
        self.sample = np.sort(asked[: config.validation_users])
        self.progress = Progress(run=self._identity())
        self.best: Arrays = {}
        self.loss = math.nan

    def run(self, resume: bool = False) -> Fit:
        """Train to the end of the schedule, or to an early stop. With `resume`, go on from the
        checkpoint, where there is one.

        Interrupted from the keyboard, it ends early with the best weights so far.

        Raises:
            TrainingError: the checkpoint is of another run, or damaged; the time is too short; the
                numbers grew beyond all bounds.
        """
        if resume and self.checkpoint and Checkpoint.exists(self.checkpoint):
            self._resume(Checkpoint.load(self.checkpoint, self.progress.run))
        else:
            self._initialise()
        schedule = self._schedule()
        every = max(1, round(50 / self.batches.count))
        interrupted = False
        self.clock = time.monotonic() - self.progress.seconds
        try:
            while not self.progress.finished:
                self._epoch(schedule)
                done = self._fraction(schedule) >= 1
                if len(self.sample) and (done or self.progress.epoch % every == 0):
                    self._validate()
                self.progress.finished = done or self.progress.worse >= self.config.patience
                if self.checkpoint:
                    self._save(self.checkpoint)
        except KeyboardInterrupt:
            interrupted = True
            self.listener.message("interrupted: keeping the best model so far")
        if not self.best:
            self.best = self._weights()
            self.progress.best_epochs = self._epochs()
        return Fit(
            self.best,
            self.progress.best_epochs,
            self.progress.seconds,
            self.progress.curve,
            interrupted,
        )

    def _initialise(self) -> None:
        size = self.model.config.member_size
        start = initial_vectors(self.data.split.train, self.data.items, size, self._rng(4))
        with paddle.no_grad():
            self.model.item.ids.weight[FIRST:] = paddle.to_tensor(start)

    def _schedule(self) -> Schedule:
        if self.deadline is None:
            return Schedule(
                steps=max(self.config.min_steps, math.ceil(self.config.epochs * self.batches.count))
            )
        if self.progress.finished:
            return Schedule(steps=self.progress.step)
        # The same clock for all processes of a machine.
        left = self.deadline - time.monotonic() - self._cost_of_validation() - _SAVING
        if left <= 0:
            raise TrainingError(
                f"a time budget of {self.config.time_budget:.0f} s is too short for this data: "
                "reading and validating it takes that long; allow more"
            )
        return Schedule(seconds=self.progress.seconds + left)

    def _cost_of_validation(self) -> float:
        """Seconds that the last validation, and that of the whole model, will take."""
        if not len(self.everyone):
            return 0.0
        some = self.everyone[:: max(1, len(self.everyone) // 200)]
        fixed = self._seconds_to_ask(some[:1])  # for the items' vectors
        each = max(0.0, self._seconds_to_ask(some) - fixed) / len(some)
        users = len(self.sample) + min(len(self.everyone), MEASURED_SCORES // self.data.items)
        return 2 * fixed + 1.2 * each * users

    def _seconds_to_ask(self, users: NDArray[np.int64]) -> float:
        begin = time.monotonic()
        self._metrics(users)
        return time.monotonic() - begin

    def _fraction(self, schedule: Schedule) -> float:
        return schedule.fraction(self.progress.step, self.progress.seconds)

    def _epochs(self) -> float:
        return self.progress.step / self.batches.count

    def _epoch(self, schedule: Schedule) -> None:
        # Each epoch has a generator of its own, so that a resumed run goes on as it would have.
        rng = self._rng(2, self.progress.epoch)
        total = count = 0.0
        for batch in self.batches.epoch(rng):
            fraction = self._fraction(schedule)
            if fraction >= 1:
                break
            loss = self._step(batch, learning_rate(self.config.learning_rate, fraction), rng)
            total, count = total + loss, count + 1
            self.progress.step += 1
            self.progress.seconds = time.monotonic() - self.clock
            self.listener.step(
                self.member, self._fraction(schedule), self._epochs(), loss, len(batch.targets)
            )
        self.loss = total / max(count, 1)
        self.progress.epoch += 1

    def _step(self, batch: Batch, rate: float, rng: np.random.Generator) -> float:
        with uninterrupted():
            loss = self._loss(batch, rng)
            loss.backward()
            self.optimizer.step(rate)
        # Paddle's loss may stay finite where logits are no numbers; the clipped gradients do not.
        if not (math.isfinite(loss) and paddle.isfinite(self.model.user.norm_out.bias).all()):
            raise TrainingError(
                f"the numbers grew beyond all bounds in step {self.progress.step}; try a smaller "
                f"learning rate than {self.config.learning_rate}"
            )
        return float(loss)

    def _loss(self, batch: Batch, rng: np.random.Generator) -> paddle.Tensor:
        data = self.data
        drawn = self._negatives(rng)
        used = self._used(batch, drawn)
        place = _places(used, data.items)
        codes = data.codes[used]
        if self.config.id_dropout:
            codes = np.where(rng.random(len(used)) < self.config.id_dropout, UNKNOWN, codes)
        items = self.model.item(
            paddle.to_tensor(codes), {name: array[used] for name, array in data.item_arrays.items()}
        )
        users = self.model.user(
            _rows(self.model.table(items), place(batch.codes)),
            {name: array[batch.users] for name, array in data.user_arrays.items()},
            dropout=self.masks.dropout(rng) if self.config.dropout else lambda branch: branch,
        )
        users = _rows(users.reshape([-1, users.shape[-1]]), batch.positions)
        if drawn is None:
            column = np.searchsorted(data.trained, batch.targets)
            seen = seen_pairs(batch, data.trained, data.items)
            return softmax_loss(users, _rows(items, place(data.trained)), column, seen)
        met, itself = seen_pairs(batch, drawn, data.items), _equal(batch.targets, drawn)
        return sampled_softmax_loss(
            users,
            _rows(items, place(batch.targets)),
            _rows(items, place(drawn)),
            (np.concatenate([met[0], itself[0]]), np.concatenate([met[1], itself[1]])),
            math.log(len(data.trained) / len(drawn)),
        )

    def _negatives(self, rng: np.random.Generator) -> NDArray[np.int64] | None:
        """Item rows to rank the next item against; None: all."""
        trained, negatives = self.data.trained, self.config.negatives
        if negatives is None:
            negatives = SAMPLED if len(trained) > SMALL_CATALOGUE else len(trained)
        if len(trained) < 2 * negatives:
            return None
        return rng.choice(trained, negatives, replace=False, shuffle=False)

    def _used(self, batch: Batch, drawn: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Item rows whose vectors a step needs, in order."""
        if self.data.items <= SMALL_CATALOGUE:
            return np.arange(self.data.items)
        if drawn is None:
            return self.data.trained  # histories and targets are among them
        met = batch.codes[batch.codes < self.data.items]
        return np.unique(np.concatenate([met, batch.targets, drawn]))

    def _validate(self) -> None:
        metrics = self._metrics(self.sample)
        better = metrics["ndcg@10"] > self.progress.best_ndcg
        if better:
            self.progress.best_ndcg = metrics["ndcg@10"]
            self.progress.best_epochs = self._epochs()
            self.progress.worse = 0
            self.best = self._weights()
        else:
            self.progress.worse += 1
        self.progress.curve.append(
            {"member": self.member, "epoch": self._epochs(), "loss": self.loss, **metrics}
        )
        self.listener.validation(self.member, metrics, better)

    def _metrics(self, users: NDArray[np.int64]) -> dict[str, float]:
        """Validation metrics of this member alone."""
        data = self.data
        vectors = item_vectors([self.model], data.codes, data.item_arrays)
        forward = UserForward([self.model], vectors)

        def score(rows: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
            records = {name: array[rows] for name, array in data.user_arrays.items()}
            return np.asarray(forward(pasts, records) @ vectors.T)

        everything = np.arange(data.items)
        return summary(
            rank_users(score, data.split, "validation", everything, data.order, users=users)
        )

    def _weights(self) -> dict[str, NDArray[np.float32]]:
        return {name: p.numpy().copy() for name, p in self.model.named_parameters()}

    def _save(self, folder: Path) -> None:
        Checkpoint(self.progress, self._weights(), self.optimizer.state(), self.best).save(folder)

    def _resume(self, checkpoint: Checkpoint) -> None:
        self.progress, self.best = checkpoint.progress, checkpoint.best
        set_weights(self.model, checkpoint.weights)
        self.optimizer.load(checkpoint.optimizer)
        if not self.progress.finished:
            self.listener.message(f"resuming after epoch {self.progress.epoch}")

    def _identity(self) -> str:
        """A digest of data and settings."""
        config, model = self.config.model_dump_json(), self.model.config.model_dump_json()
        whole = f"{config}\n{model}\n{self.member}\n{self.data.digest}"
        return hashlib.sha256(whole.encode()).hexdigest()

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.config.seed, self.member, *purpose])


def _rows(table: paddle.Tensor, rows: NDArray[Any]) -> paddle.Tensor:
    return functional.embedding(paddle.to_tensor(rows), table)


def _equal(targets: NDArray[np.int64], drawn: NDArray[np.int64]) -> Pairs:
    """Where a target was drawn: its position, and the column in `drawn`, whose items differ."""
    order = np.argsort(drawn)
    place = np.minimum(np.searchsorted(drawn[order], targets), len(drawn) - 1)
    columns = order[place]
    rows = np.flatnonzero(drawn[columns] == targets)
    return rows, columns[rows]


def _places(used: NDArray[np.int64], items: int) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """Item rows → where they stand in `used`, and behind it the start of a history."""
    if len(used) == items:
        return lambda rows: rows.astype(np.int64)
    with_start = np.append(used, items)
    return lambda rows: np.searchsorted(with_start, rows)
