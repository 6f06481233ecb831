"""Train one member: the loop with validation, early stopping, checkpoints and interrupts."""

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
from towhee_recsys.evaluation.metrics import summary
from towhee_recsys.evaluation.ranking import rank_users
from towhee_recsys.features import FIRST, UNKNOWN
from towhee_recsys.model import ModelConfig, TwoTowers, sampled_softmax_loss, softmax_loss
from towhee_recsys.model.backend import functional, paddle
from towhee_recsys.model.inference import UserForward, item_vectors
from towhee_recsys.model.losses import Pairs
from towhee_recsys.model.weights import set_weights
from towhee_recsys.training.batches import Batch, Batches, SetBatches, seen_pairs
from towhee_recsys.training.checkpoint import Arrays, Checkpoint, RunState
from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.dropout import MaskPool
from towhee_recsys.training.initial import initial_vectors
from towhee_recsys.training.interrupts import uninterrupted
from towhee_recsys.training.listener import Listener, NullListener
from towhee_recsys.training.optimizer import Optimizer
from towhee_recsys.training.schedule import Schedule, learning_rate
from towhee_recsys.training.training_data import TrainingData

STEPS_BETWEEN = 10
"""Validate after each epoch if it has so many steps."""
MOST_STEPS_BETWEEN = 50
"""With shorter epochs, wait longer after each validation, up to about so many steps."""
SMALL_CATALOGUE = 10_000
"""Up to so many items, a step computes the vectors of all items and ranks the next one against all.
With more, it computes only the vectors that it needs."""
SAMPLED = 2_048
"""Items drawn for a batch of a larger catalogue, unless the settings give a number."""
MEASURED_SCORES = 2**31
"""Scores in the final validation of the whole model. It takes all users, unless users times items
exceed this."""
_SAVING = 3.0
"""Seconds of a time budget that are reserved for saving after the last validation."""


@dataclass(frozen=True)
class Fit:
    """The result of a member's training."""

    weights: Arrays
    epochs: float
    """Epochs done when the weights were best."""
    seconds: float
    """Training time, over all sessions."""
    curve: Sequence[Mapping[str, float]]
    """See `Metadata.curve`."""
    interrupted: bool = False
    """Training was stopped by hand and might have improved."""


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
            data: the data to train on.
            config: the settings.
            model: the shape of the towers.
            member: which of the model's members, from 0.
            checkpoint: a folder to write the state to after each epoch.
            listener: is told of every step and validation.
            deadline: `time.monotonic()` by which everything must be done, the last validation
                included. It overrides ``config.epochs``.
        """
        self.data, self.config, self.member = data, config, member
        self.checkpoint, self.listener = checkpoint, listener or NullListener()
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
        self.batches = (Batches if model.ordered else SetBatches)(
            data.split.train, data.items, model.max_history, config.batch_positions
        )
        positions = max(config.batch_positions, model.max_history + 1)
        self.masks = MaskPool(config.dropout, positions * model.member_size, self._rng(3))
        self.everyone = np.flatnonzero(data.split.validation >= 0)
        # All members are validated on the same users, so that their metrics can be compared.
        drawn = np.random.default_rng([config.seed, 1]).permutation(self.everyone)
        self.sample = np.sort(drawn[: config.validation_users])
        self.state = RunState(run=self._identity())
        self.best: Arrays = {}
        self.loss = math.nan

    def run(self, resume: bool = False) -> Fit:
        """Train to the end of the schedule or to an early stop.

        With `resume`, continue from the checkpoint if there is one. An interrupt from the keyboard
        ends training early with the best weights so far.

        Raises:
            TrainingError: the checkpoint belongs to another run or is damaged, the time is too
                short, or training diverged.
        """
        if resume and self.checkpoint and Checkpoint.exists(self.checkpoint):
            self._resume(Checkpoint.load(self.checkpoint, self.state.run))
        else:
            self._initialise()
        schedule = self.schedule()
        interrupted = False
        self.clock = time.monotonic() - self.state.seconds
        try:
            while not self.state.finished:
                self._epoch(schedule)
                done = self._fraction(schedule) >= 1
                if len(self.sample) and (done or is_due(self.state.epoch, self.batches.count)):
                    self._validate()
                self.state.finished = done or self._has_stalled()
                if self.checkpoint:
                    self._save(self.checkpoint)
        except KeyboardInterrupt:
            interrupted = True
            self.listener.message("interrupted: keeping the best model so far")
        if not self.best:
            self.best = self._weights()
            self.state.best_epochs = self._epochs()
        return Fit(
            self.best,
            self.state.best_epochs,
            self.state.seconds,
            self.state.curve,
            interrupted,
        )

    def _initialise(self) -> None:
        size = self.model.config.member_size
        start = initial_vectors(self.data.split.train, self.data.items, size, self._rng(4))
        with paddle.no_grad():
            self.model.item.ids.weight[FIRST:] = paddle.to_tensor(start)

    def schedule(self) -> Schedule:
        """How many steps or seconds to train for."""
        if self.deadline is None:
            return Schedule(
                steps=max(self.config.min_steps, math.ceil(self.config.epochs * self.batches.count))
            )
        if self.state.finished:
            return Schedule(steps=self.state.step)
        # All processes of a machine share this clock.
        left = self.deadline - time.monotonic() - self._cost_of_validation() - _SAVING
        if left <= 0:
            raise TrainingError(
                f"a time budget of {self.config.time_budget:.0f} s is too short for this data: "
                "reading and validating it takes that long; allow more"
            )
        return Schedule(seconds=self.state.seconds + left)

    def _cost_of_validation(self) -> float:
        """Seconds that the last validation and the one of the whole model will take."""
        if not len(self.everyone):
            return 0.0
        some = self.everyone[:: max(1, len(self.everyone) // 200)]
        fixed = self._seconds_to_validate(some[:1])  # for the items' vectors
        each = max(0.0, self._seconds_to_validate(some) - fixed) / len(some)
        users = len(self.sample) + min(len(self.everyone), MEASURED_SCORES // self.data.items)
        return 2 * fixed + 1.2 * each * users

    def _seconds_to_validate(self, users: NDArray[np.int64]) -> float:
        begin = time.monotonic()
        self._metrics(users)
        return time.monotonic() - begin

    def _fraction(self, schedule: Schedule) -> float:
        return schedule.fraction(self.state.step, self.state.seconds)

    def _epochs(self) -> float:
        return self.state.step / self.batches.count

    def _epoch(self, schedule: Schedule) -> None:
        # Each epoch has its own generator, so that a resumed run gives the same result.
        rng = self._rng(2, self.state.epoch)
        total = count = 0.0
        for batch in self.batches.epoch(rng):
            fraction = self._fraction(schedule)
            if fraction >= 1:
                break
            loss = self._step(batch, learning_rate(self.config.learning_rate, fraction), rng)
            total, count = total + loss, count + 1
            self.state.step += 1
            self.state.seconds = time.monotonic() - self.clock
            self.listener.step(
                self.member, self._fraction(schedule), self._epochs(), loss, len(batch.targets)
            )
        self.loss = total / max(count, 1)
        self.state.epoch += 1

    def _step(self, batch: Batch, rate: float, rng: np.random.Generator) -> float:
        with uninterrupted():
            loss = self._loss(batch, rng)
            loss.backward()
            self.optimizer.step(rate)
        # Paddle's loss can stay finite when logits are NaN; the clipped gradients cannot.
        if not (math.isfinite(loss) and paddle.isfinite(self.model.user.norm_out.bias).all()):
            raise TrainingError(
                f"training diverged in step {self.state.step}: the weights are no longer finite; "
                f"try a smaller learning rate than {self.config.learning_rate}"
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
        history = _rows(self.model.table(items), place(batch.codes))
        records = {name: array[batch.users] for name, array in data.user_arrays.items()}
        context = () if batch.context is None else (batch.context,)
        dropout = self.masks.dropout(rng) if self.config.dropout else lambda branch: branch
        users = self.model.user(history, records, *context, dropout=dropout)
        users = _rows(users.reshape([-1, users.shape[-1]]), batch.positions)
        if drawn is None:
            column = np.searchsorted(data.trained, batch.targets)
            seen = seen_pairs(batch, data.trained, data.items)
            return softmax_loss(users, _rows(items, place(data.trained)), column, seen)
        seen, itself = seen_pairs(batch, drawn, data.items), _equal(batch.targets, drawn)
        return sampled_softmax_loss(
            users,
            _rows(items, place(batch.targets)),
            _rows(items, place(drawn)),
            (np.concatenate([seen[0], itself[0]]), np.concatenate([seen[1], itself[1]])),
            math.log(len(data.trained) / len(drawn)),
        )

    def _negatives(self, rng: np.random.Generator) -> NDArray[np.int64] | None:
        """Item rows to rank the next item against; None for all."""
        trained, negatives = self.data.trained, self.config.negatives
        if negatives is None:
            negatives = SAMPLED if len(trained) > SMALL_CATALOGUE else len(trained)
        if len(trained) < 2 * negatives:
            return None
        return rng.choice(trained, negatives, replace=False, shuffle=False)

    def _used(self, batch: Batch, drawn: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Item rows whose vectors a step needs, ascending."""
        if self.data.items <= SMALL_CATALOGUE:
            return np.arange(self.data.items)
        if drawn is None:
            return self.data.trained  # histories and targets are among them
        read = batch.codes[batch.codes < self.data.items]
        return np.unique(np.concatenate([read, batch.targets, drawn]))

    def _validate(self) -> None:
        metrics = self._metrics(self.sample)
        better = metrics["ndcg@10"] > self.state.best_ndcg
        if better:
            self.state.best_ndcg = metrics["ndcg@10"]
            self.state.best_epochs = self._epochs()
            self.state.worse = 0
            self.best = self._weights()
        else:
            self.state.worse += 1
        self.state.curve.append(
            {"member": self.member, "epoch": self._epochs(), "loss": self.loss, **metrics}
        )
        self.listener.validation(self.member, metrics, better)

    def _has_stalled(self) -> bool:
        """Whether validation has not become better for long enough."""
        worse, best = self.state.worse, self.state.best_epochs * self.batches.count
        return worse >= self.config.patience or (worse >= 2 and self.state.step >= 3 * best)

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
        Checkpoint(self.state, self._weights(), self.optimizer.state(), self.best).save(folder)

    def _resume(self, checkpoint: Checkpoint) -> None:
        self.state, self.best = checkpoint.state, checkpoint.best
        set_weights(self.model, checkpoint.weights)
        self.optimizer.load(checkpoint.optimizer)
        if not self.state.finished:
            self.listener.message(f"resuming after epoch {self.state.epoch}")

    def _identity(self) -> str:
        """A digest of data and settings."""
        config, model = self.config.model_dump_json(), self.model.config.model_dump_json()
        whole = f"{config}\n{model}\n{self.member}\n{self.data.digest}"
        return hashlib.sha256(whole.encode()).hexdigest()

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.config.seed, self.member, *purpose])


def is_due(epoch: int, steps: int) -> bool:
    """Whether a validation follows this epoch, counted from 1, if an epoch has so many steps.

    With few steps these are epochs 1, 2, 3, 4, 6, 9, 13, …, so that a model that is soon at its
    best is not trained much longer, and one that needs many short epochs is not validated often.
    """
    if steps >= STEPS_BETWEEN:
        return True
    due = 1
    while due < epoch:
        due += max(1, min(due // 2, round(MOST_STEPS_BETWEEN / steps)))
    return due == epoch


def _rows(table: paddle.Tensor, rows: NDArray[Any]) -> paddle.Tensor:
    return functional.embedding(paddle.to_tensor(rows), table)


def _equal(targets: NDArray[np.int64], drawn: NDArray[np.int64]) -> Pairs:
    """The positions whose target was drawn, and its column in `drawn`, whose items are distinct."""
    order = np.argsort(drawn)
    place = np.minimum(np.searchsorted(drawn[order], targets), len(drawn) - 1)
    columns = order[place]
    rows = np.flatnonzero(drawn[columns] == targets)
    return rows, columns[rows]


def _places(used: NDArray[np.int64], items: int) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """A function from item rows to their places in `used`. The start of a history comes last."""
    if len(used) == items:
        return lambda rows: rows.astype(np.int64)
    with_start = np.append(used, items)
    return lambda rows: np.searchsorted(with_start, rows)
