"""A data set → a bundle: the loop that fits both towers, keeps the best, and can be stopped."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from towhee_recsys._version import __version__
from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Dataset, Histories, Split, histories, last_two
from towhee_recsys.encoders import set_weights
from towhee_recsys.errors import TrainingError
from towhee_recsys.features import FIRST, UNKNOWN, TableFeatures, Vocabulary
from towhee_recsys.metadata import Metadata
from towhee_recsys.model import ModelConfig, TwoTowers, sampled_softmax_loss, softmax_loss
from towhee_recsys.model.backend import nn, paddle
from towhee_recsys.training.baselines import popularity
from towhee_recsys.training.batches import Batch, Batches, seen_mask
from towhee_recsys.training.checkpoint import Arrays, Checkpoint, Progress
from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.evaluation import model_scores, rank_users
from towhee_recsys.training.initial import item_vectors
from towhee_recsys.training.metrics import summary
from towhee_recsys.training.schedule import Schedule, learning_rate
from towhee_recsys.types import ITEM_ID, USER_ID

MIN_EPOCHS = 4
MIN_STEPS = 60
_SAVING = 3.0
"""Seconds kept back of a time budget for what comes after the last validation."""


class Listener(Protocol):
    """Hears how training goes on; a progress bar, for one."""

    def step(self, fraction: float, epoch: float, loss: float, examples: int) -> None:
        """After each step: the share of training done, and the step's loss and positions."""

    def validation(self, metrics: dict[str, float], best: bool) -> None:
        """After each validation: ``hr@10`` and ``ndcg@10``."""

    def message(self, text: str) -> None:
        """Anything else worth knowing."""


@dataclass(frozen=True)
class _Data:
    """The arrays that training reads."""

    dataset: Dataset
    split: Split
    items: int
    ids: Vocabulary
    codes: NDArray[np.int32]
    trained: NDArray[np.int64]
    popularity: NDArray[np.int64]
    user_features: TableFeatures
    item_features: TableFeatures
    user_arrays: dict[str, NDArray[Any]]
    item_arrays: dict[str, NDArray[Any]]

    @property
    def item_ids(self) -> NDArray[Any]:
        return self.dataset.items[ITEM_ID].to_numpy()

    @classmethod
    def of(cls, dataset: Dataset, holdout: str) -> _Data:
        past = histories(dataset)
        none = np.full(len(past.lengths), -1, np.int32)
        split = last_two(past) if holdout == "last-two" else Split(past, none, none)
        items = len(dataset.items)
        counts = popularity(split.train, items)
        users, records = dataset.user_records(), dataset.item_records()
        user_features = TableFeatures.fit(dataset.schema.users, users)
        item_features = TableFeatures.fit(dataset.schema.items, records)
        return cls(
            dataset=dataset,
            split=split,
            items=items,
            ids=Vocabulary(dataset.items[ITEM_ID].tolist()),
            # An item that nobody met has nothing to learn its id from.
            codes=np.where(counts > 0, np.arange(items) + FIRST, UNKNOWN).astype(np.int32),
            trained=np.flatnonzero(counts),
            popularity=counts,
            user_features=user_features,
            item_features=item_features,
            user_arrays=user_features.transform(users),
            item_arrays=item_features.transform(records),
        )


def train(
    dataset: Dataset,
    config: TrainingConfig | None = None,
    model: ModelConfig | None = None,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    listener: Listener | None = None,
    started: float | None = None,
) -> Bundle:
    """Fit both towers to a data set and return the best model found.

    Args:
        dataset: what to learn from.
        config: how; see `TrainingConfig`.
        model: the shape of the towers.
        checkpoint: a folder to write the state to after each epoch; `Checkpoint.remove` it when
            the bundle is saved.
        resume: go on from `checkpoint`.
        listener: hears of every step and validation; see `progress.Bar`.
        started: `time.monotonic()` when the command began, for the time budget; now by default.

    Interrupted from the keyboard, training ends early and returns the best model so far.

    Raises:
        TrainingError: there is nothing to learn, or nothing to resume.
    """
    return Trainer(dataset, config, model, checkpoint, listener, started).run(resume)


class Trainer:
    """One training run."""

    def __init__(
        self,
        dataset: Dataset,
        config: TrainingConfig | None = None,
        model: ModelConfig | None = None,
        checkpoint: Path | None = None,
        listener: Listener | None = None,
        started: float | None = None,
    ) -> None:
        self.started = time.monotonic() if started is None else started
        self.config = config or TrainingConfig()
        self.checkpoint = checkpoint
        self.listener = listener
        self.data = _Data.of(dataset, self.config.holdout)
        if len(self.data.trained) < 2:
            raise TrainingError(
                f"{dataset.name} leaves {len(self.data.trained)} items to learn from; training "
                "needs users with three interactions or more (or --holdout none)"
            )
        paddle.seed(self.config.seed)
        with paddle.utils.unique_name.guard():
            self.model = TwoTowers(
                self.data.items,
                self.data.user_features,
                self.data.item_features,
                model or ModelConfig(),
            )
        matrices = {p.name for p in self.model.parameters() if len(p.shape) > 1}
        self.optimizer = paddle.optimizer.AdamW(
            learning_rate=self.config.learning_rate,
            beta1=0.9,
            beta2=0.98,
            weight_decay=self.config.weight_decay,
            parameters=self.model.parameters(),
            grad_clip=nn.ClipGradByGlobalNorm(self.config.gradient_norm),
            apply_decay_param_fun=matrices.__contains__,
        )
        self.batches = Batches(
            self.data.split.train,
            self.data.items,
            self.model.config.max_history,
            self.config.batch_positions,
        )
        asked = np.flatnonzero(self.data.split.validation >= 0)
        rng = np.random.default_rng([self.config.seed, 1])
        self.everyone = asked
        self.sample = np.sort(rng.permutation(asked)[: self.config.validation_users])
        self.progress = Progress(run=self._identity())
        self.best: Arrays = {}

    def run(self, resume: bool = False) -> Bundle:
        """Train to the end of the schedule, or to an early stop."""
        if resume:
            if self.checkpoint is None:
                raise TrainingError("there is no checkpoint to resume from; name its folder")
            self._resume(Checkpoint.load(self.checkpoint, self.progress.run))
        else:
            self._initialise()
        schedule = self._schedule()
        every = max(1, round(50 / self.batches.count))
        self.clock = time.monotonic() - self.progress.seconds
        try:
            while not self.progress.finished:
                self._epoch(schedule)
                done = self._fraction(schedule) >= 1
                if len(self.sample) and (done or self.progress.epoch % every == 0):
                    self._validate()
                self.progress.finished = done or self.progress.worse >= self.config.patience
                if self.checkpoint and not self.progress.finished:
                    self._save(self.checkpoint)
        except KeyboardInterrupt:
            self._say("interrupted: keeping the best model so far")
        return self._finish()

    def _initialise(self) -> None:
        rng = np.random.default_rng([self.config.seed, 0])
        size = self.model.config.embedding_size
        start = item_vectors(self.data.split.train, self.data.items, size, rng)
        with paddle.no_grad():
            self.model.item.ids.weight[FIRST:] = paddle.to_tensor(start)

    def _schedule(self) -> Schedule:
        if self.config.time_budget is not None:
            before = time.monotonic() - self.started
            left = self.config.time_budget - before - self._cost_of_validation() - _SAVING
            if left <= 0:
                raise TrainingError(
                    f"a time budget of {self.config.time_budget:.0f} s is too short for this data: "
                    f"reading and validating it takes that long; allow more"
                )
            return Schedule(seconds=left)
        epochs = self.config.epochs or max(MIN_EPOCHS, MIN_STEPS / self.batches.count)
        return Schedule(steps=max(1, math.ceil(epochs * self.batches.count)))

    def _cost_of_validation(self) -> float:
        """Seconds that the last validation, of every user, will take."""
        if not len(self.everyone):
            return 0.0
        some = self.everyone[:: max(1, len(self.everyone) // 200)]
        begin = time.monotonic()
        self._ranks(self._bundle(self._weights()), some)
        return (time.monotonic() - begin) / len(some) * len(self.everyone) * 1.2

    def _fraction(self, schedule: Schedule) -> float:
        return schedule.fraction(self.progress.step, self.progress.seconds)

    def _epoch(self, schedule: Schedule) -> None:
        # Each epoch has a generator of its own, so that a resumed run goes on as it would have.
        rng = np.random.default_rng([self.config.seed, 2, self.progress.epoch])
        for batch in self.batches.epoch(rng):
            fraction = self._fraction(schedule)
            if fraction >= 1:
                break
            loss = self._step(batch, learning_rate(self.config.learning_rate, fraction), rng)
            self.progress.step += 1
            self.progress.seconds = time.monotonic() - self.clock
            if self.listener:
                epoch = self.progress.step / self.batches.count
                self.listener.step(self._fraction(schedule), epoch, loss, len(batch.targets))
        self.progress.epoch += 1

    def _step(self, batch: Batch, rate: float, rng: np.random.Generator) -> float:
        loss = self._loss(batch, rng)
        loss.backward()
        self.optimizer.set_lr(rate)
        # The first step names the optimizer's tensors: as in any other process that may resume.
        with paddle.utils.unique_name.guard():
            self.optimizer.step()
        self.optimizer.clear_grad()
        # Paddle's loss may stay finite where logits are no numbers; the clipped gradients do not.
        if not (math.isfinite(loss) and paddle.isfinite(self.model.user.norm_out.bias).all()):
            raise TrainingError(
                f"the numbers grew beyond all bounds in step {self.progress.step}; try a smaller "
                f"learning rate than {self.config.learning_rate}"
            )
        return float(loss)

    def _loss(self, batch: Batch, rng: np.random.Generator) -> paddle.Tensor:
        data, trained = self.data, self.data.trained
        codes = data.codes
        if self.config.id_dropout:
            dropped = rng.random(data.items) < self.config.id_dropout
            codes = np.where(dropped, UNKNOWN, codes)
        items = self.model.item(paddle.to_tensor(codes), data.item_arrays)
        records = {name: array[batch.users] for name, array in data.user_arrays.items()}
        users = self.model.user(self.model.histories(items, batch.codes), records)
        users = _rows(users.reshape([-1, users.shape[-1]]), batch.positions)
        if len(trained) < 2 * self.config.negatives:
            column = np.searchsorted(trained, batch.targets)
            seen = seen_mask(batch, trained, data.items)
            return softmax_loss(users, _rows(items, trained), column, seen)
        drawn = rng.choice(trained, self.config.negatives, replace=False)
        hidden = seen_mask(batch, drawn, data.items) | (drawn[None, :] == batch.targets[:, None])
        return sampled_softmax_loss(
            users,
            _rows(items, batch.targets),
            _rows(items, drawn),
            hidden,
            math.log(len(trained) / len(drawn)),
        )

    def _validate(self) -> None:
        metrics = summary(self._ranks(self._bundle(self._weights()), self.sample))
        better = metrics["ndcg@10"] > self.progress.best_ndcg
        if better:
            self.progress.best_ndcg = metrics["ndcg@10"]
            self.progress.best_epochs = self.progress.step / self.batches.count
            self.progress.worse = 0
            self.best = self._weights()
        else:
            self.progress.worse += 1
        if self.listener:
            self.listener.validation(metrics, better)

    def _ranks(self, bundle: Bundle, users: NDArray[np.int64]) -> NDArray[np.int64]:
        data = self.data
        score = model_scores(bundle, data.dataset)
        everything = np.arange(data.items)
        return rank_users(score, data.split, "validation", everything, data.item_ids, users=users)

    def _finish(self) -> Bundle:
        """The best weights as a bundle, validated on every user."""
        if not self.best:
            self.best = self._weights()
            self.progress.best_epochs = self.progress.step / self.batches.count
        bundle = self._bundle(self.best)
        if not len(self.everyone):
            return bundle
        counts = self.data.popularity.astype(np.float32)
        popular = rank_users(
            lambda users, _: np.tile(counts, (len(users), 1)),
            self.data.split,
            "validation",
            np.arange(self.data.items),
            self.data.item_ids,
        )
        return self._bundle(
            self.best,
            validation=summary(self._ranks(bundle, self.everyone)),
            popularity=summary(popular),
        )

    def _bundle(self, weights: Arrays, **metrics: dict[str, float]) -> Bundle:
        data = self.data
        source = data.dataset.source
        return Bundle(
            schema=data.dataset.schema,
            config=self.model.config,
            weights=weights,
            item_ids=data.ids,
            item_codes=data.codes,
            item_arrays=data.item_arrays,
            popularity=data.popularity,
            user_features=data.user_features,
            item_features=data.item_features,
            metadata=Metadata(
                data=data.dataset.name,
                location=source.location if source else None,
                sha256=source.sha256 if source else None,
                id_types={
                    name: "int" if table[name].dtype.kind == "i" else "str"
                    for name, table in (
                        (USER_ID, data.dataset.users),
                        (ITEM_ID, data.dataset.items),
                    )
                },
                holdout=self.config.holdout,
                users=len(data.dataset.users),
                items=data.items,
                interactions=len(data.split.train.items),
                epochs=self.progress.best_epochs,
                seconds=round(self.progress.seconds, 1),
                seed=self.config.seed,
                created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                versions={
                    "towhee_recsys": __version__,
                    "paddlepaddle": paddle.__version__,
                    "python": platform.python_version(),
                },
                **metrics,
            ),
        )

    def _weights(self) -> dict[str, NDArray[np.float32]]:
        return {name: p.numpy().copy() for name, p in self.model.named_parameters()}

    def _save(self, folder: Path) -> None:
        state = {
            name: value.numpy()
            for name, value in self.optimizer.state_dict().items()
            if isinstance(value, paddle.Tensor)
        }
        Checkpoint(self.progress, self._weights(), state, self.best).save(folder)

    def _resume(self, checkpoint: Checkpoint) -> None:
        self.progress, self.best = checkpoint.progress, checkpoint.best
        set_weights(self.model, checkpoint.weights)
        self.optimizer.set_state_dict(
            {name: paddle.to_tensor(array) for name, array in checkpoint.optimizer.items()}
        )
        self._say(f"resuming after epoch {self.progress.epoch}")

    def _identity(self) -> str:
        """A digest of data and settings."""
        train: Histories = self.data.split.train
        digest = hashlib.sha256()
        for part in (self.config.model_dump_json(), self.model.config.model_dump_json()):
            digest.update(part.encode())
        digest.update(self.data.dataset.schema.model_dump_json().encode())
        for features in (self.data.user_features, self.data.item_features):
            digest.update(json.dumps(features.state()).encode())
        digest.update(json.dumps(self.data.ids.values).encode())
        arrays: list[NDArray[Any]] = [train.offsets, train.items, self.data.split.validation]
        for array in (*arrays, *self.data.user_arrays.values(), *self.data.item_arrays.values()):
            digest.update(array.tobytes())
        return digest.hexdigest()

    def _say(self, text: str) -> None:
        if self.listener:
            self.listener.message(text)


def _rows(table: paddle.Tensor, rows: NDArray[np.int64]) -> paddle.Tensor:
    return paddle.index_select(table, paddle.to_tensor(rows), axis=0)
