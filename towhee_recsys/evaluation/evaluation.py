"""Evaluate a model: metrics of the full ranking, their intervals, groups of users, and baselines.

The protocol: all interactions count. With the usual holdout each user's last one is for the test,
the one before it for validation; `towhee_recsys.datasets.split` has others. All items that `ingest`
writes are ranked, except those that the user has already seen; the history goes up to the target.
Equal scores are ordered by item id, as in the index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from towhee_recsys.bundle import Bundle
from towhee_recsys.bundle.comparison import POPULARITY, Comparison, too_few
from towhee_recsys.datasets import Dataset, Order, Split, split
from towhee_recsys.datasets.splits import SplitName
from towhee_recsys.encoders import ItemEncoder, Towers, UserEncoder, known_rows
from towhee_recsys.errors import DataError, DownloadError, TrainingError
from towhee_recsys.evaluation.baselines import (
    Grid,
    check_baselines,
    fit_baseline,
    standard_baselines,
)
from towhee_recsys.evaluation.beyond_accuracy import beyond_accuracy_metrics, item_labels
from towhee_recsys.evaluation.bootstrap import Interval, intervals
from towhee_recsys.evaluation.calibration_fit import calibration_figures
from towhee_recsys.evaluation.metrics import gains, hits, ndcg, rank_figures
from towhee_recsys.evaluation.ranking import (
    Advance,
    Answers,
    Score,
    answer_users,
    rank_users,
)
from towhee_recsys.evaluation.segments import UserGroup, all_segments
from towhee_recsys.types import ITEM_ID

__all__ = ["Compared", "Evaluation", "evaluate", "model_scores", "rank_users", "recorded_dataset"]

CHOOSING_USERS = 2_000
"""Users whose validation items decide a baseline's settings, at most."""
_CHOOSING_SCORES = 200_000_000
"""Scores to choose by, at most: with more than 100,000 items, fewer users are used, but at least a
tenth of them."""

EvaluationProgress = Callable[[str, int, int], None]
"""Called with the stage, the number of users done since the last call, and the number of all."""


@dataclass(frozen=True)
class Compared:
    """A baseline under the same protocol as the model."""

    settings: dict[str, float]
    """The settings that rank best for validation."""
    validation: dict[str, float]
    test: dict[str, float]
    intervals: dict[str, Interval]
    """95% intervals of the test's ``hr@10`` and ``ndcg@10``. Empty with fewer than 30 users."""
    gain: float
    """The model's test NDCG@10 minus this one's."""
    gain_interval: Interval | None
    """95% interval of the gain, paired over users. Above 0, the model is significantly better. None
    with fewer than 30 users."""


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Metrics of a model and, under the same protocol, of baselines."""

    validation: dict[str, float]
    """``hr@k`` and ``ndcg@k`` for k of 1, 5, 10, 20, 50 and 100, and ``mrr``."""
    test: dict[str, float]
    """Also ``coverage@10``, ``novelty@10``, ``popularity_lift@10`` and, if items have labels,
    ``diversity@10``; see `evaluation.beyond_accuracy`."""
    intervals: dict[str, Interval]
    """95% intervals of the test's ``hr@10`` and ``ndcg@10``; see `evaluation.bootstrap`. Empty with
    fewer than 30 users."""
    segments: dict[str, list[UserGroup]]
    """The test metrics of groups of users: ``history``, ``target``, ``users.COLUMN``; see
    `evaluation.segments`."""
    baselines: dict[str, Compared]
    """By name; ``popularity`` and the others of `baselines.standard_baselines` are always among
    them, except those that were left out."""
    calibration: dict[str, float]
    """``predicted``, ``observed`` and ``error`` of the first ten items of the test's lists; see
    `evaluation.calibration_fit`. Empty if the model has no calibration."""
    order: Order
    """What puts users' interactions in order, if anything; see `towhee_recsys.datasets.Order`."""
    holdout: str
    """What was held out; see `towhee_recsys.datasets.split`."""
    users: int
    """Evaluated users."""
    items: int
    """Ranked items."""
    left_out: dict[str, float] = field(default_factory=dict)
    """Baselines that were not measured for lack of time, and how many seconds each takes."""

    @property
    def comparison(self) -> Comparison:
        """The best baseline, and how far the model is ahead of it."""
        name, best = max(self.baselines.items(), key=lambda one: one[1].test["ndcg@10"])
        return Comparison(
            baseline=name,
            settings=best.settings,
            metrics={metric: best.test[metric] for metric in ("hr@10", "ndcg@10")},
            gain=best.gain,
            gain_interval=best.gain_interval,
            measured=list(self.baselines),
            left_out=self.left_out,
        )

    def __repr__(self) -> str:
        figures = ", ".join(f"{n.upper()} {self.test[n]:.3f}" for n in ("hr@10", "ndcg@10"))
        return f"<Evaluation: test {figures}, {self.users:,} users, {self.items:,} items>"

    @property
    def popularity(self) -> dict[str, float]:
        """The test metrics of recommending the most popular items."""
        return self.baselines[POPULARITY].test

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as data that JSON can hold."""
        groups = {by: [one.as_dict() for one in found] for by, found in self.segments.items()}
        comparison = self.comparison.model_dump(mode="json")
        return {**asdict(self), "segments": groups, "comparison": comparison}


def evaluate(
    bundle: Bundle | str | Path,
    dataset: Dataset | None = None,
    *,
    items: Literal["all", "rated"] = "all",
    baselines: Sequence[str] = (),
    left_out: Mapping[str, float] | None = None,
    progress: EvaluationProgress | None = None,
) -> Evaluation:
    """Rank the full catalogue for every user's held-out items, and compare with baselines.

    Popularity is always measured. So is EASE with decay, or EASE if the order within histories is
    not known; with more than 10,000 items, item-kNN is in its place.

    Args:
        bundle: a model that was not trained with ``holdout="none"``.
        dataset: by default the data that the bundle was trained on, read again. If you pass another
            one, make sure that the model was not trained on its held-out interactions.
        items: rank all rows of the items' table, or only those with an interaction, as published
            tables do.
        baselines: compared with besides these: ``ials`` (needs the extra ``bench``), ``ease``,
            ``decayed-ease``, ``item-knn``. Each is fitted several times to choose its settings.
        left_out: baselines that are not measured, and how many seconds each would take; see
            `budget.baselines_within`.
        progress: called after each batch of users.

    Raises:
        TrainingError: the model was trained on the test items, its data is gone or has changed, no
            user has three interactions, or a baseline is not available.
        ConfigError: there is no such baseline.
    """
    bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
    if bundle.metadata.holdout == "none":
        raise TrainingError(
            "this model was trained on all interactions (--holdout none), the test items included; "
            "evaluate a model trained with another --holdout"
        )
    dataset = dataset or recorded_dataset(bundle)
    check_baselines(baselines, len(dataset.items))
    protocol = EvaluationProtocol.of(dataset, bundle.metadata.holdout, items, progress)
    names = [POPULARITY, *baselines, *standard_baselines(len(dataset.items), protocol.ordered)]
    left_out = {} if left_out is None else dict(left_out)
    validation, test = protocol.answers("model", model_scores(bundle, dataset))
    return Evaluation(
        validation=rank_figures(validation.ranks),
        test=protocol.metrics(test),
        intervals=_intervals(test),
        segments=all_segments(
            test.ranks,
            test.users,
            protocol.split.train.lengths[test.users] + (protocol.split.validation[test.users] >= 0),
            protocol.split.test[test.users],
            protocol.counts,
            dataset,
        ),
        baselines={
            name: protocol.compare(name, test, quick=name not in baselines)
            for name in dict.fromkeys(names)
            if name not in left_out
        },
        calibration=(
            calibration_figures(bundle.calibration, test, protocol.split.test[test.users])
            if bundle.calibration
            else {}
        ),
        order=dataset.order,
        holdout=bundle.metadata.holdout,
        users=len(test.users),
        items=len(protocol.ranked),
        left_out=left_out,
    )


@dataclass(frozen=True, eq=False)
class EvaluationProtocol:
    """How a model and its baselines are evaluated: on which targets, items and metrics."""

    split: Split
    ranked: NDArray[np.int64]
    ids: NDArray[Any]
    counts: NDArray[np.int64]
    labels: csr_array | None
    ordered: bool
    progress: EvaluationProgress | None

    @classmethod
    def of(
        cls, dataset: Dataset, holdout: str, items: str, progress: EvaluationProgress | None
    ) -> EvaluationProtocol:
        past = dataset.histories
        parts, _ = split(past, holdout, dataset.name)
        if not (parts.test >= 0).any():
            raise TrainingError(
                f"cannot evaluate {dataset.name}: no user has enough interactions (with "
                f"--holdout {holdout}); use data with longer histories"
            )
        everything = np.arange(len(dataset.items))
        return cls(
            split=parts,
            ranked=np.intersect1d(everything, past.items) if items == "rated" else everything,
            ids=dataset.items[ITEM_ID].to_numpy(),
            counts=parts.train.item_counts(len(everything)),
            labels=item_labels(dataset),
            ordered=past.ordered,
            progress=progress,
        )

    def answers(self, name: str, score: Score) -> tuple[Answers, Answers]:
        """The answers for validation and for the test."""
        parts: dict[SplitName, NDArray[np.int32]] = {
            "validation": self.split.validation,
            "test": self.split.test,
        }
        found = [
            answer_users(
                score,
                self.split,
                part,
                self.ranked,
                self.ids,
                advance=self._advance(f"{name}, {part}", int((targets >= 0).sum())),
            )
            for part, targets in parts.items()
        ]
        return found[0], found[1]

    def metrics(self, test: Answers) -> dict[str, float]:
        """All metrics of the test."""
        return {
            **rank_figures(test.ranks),
            **beyond_accuracy_metrics(test, self.split, len(self.ranked), self.counts, self.labels),
        }

    def compare(self, name: str, model: Answers, *, quick: bool) -> Compared:
        """Fit a baseline, and compare it with the model's answers for the test.

        Args:
            name: of the baseline.
            model: the model's answers.
            quick: see `Grid.of`.
        """
        everyone = np.flatnonzero(self.split.validation >= 0)
        choosing = choosing_users(len(self.ids))
        some = np.sort(np.random.default_rng(0).permutation(everyone)[:choosing])
        advance = self._advance(f"{name}, settings", len(some))

        def quality(score: Score) -> float:
            if not len(some):
                return 0.0  # nothing to choose settings by
            ranks = rank_users(
                score, self.split, "validation", self.ranked, self.ids, users=some, advance=advance
            )
            return ndcg(ranks)

        items = len(self.ids)
        grid = Grid.of(items, self.ordered, quick=quick)
        chosen = fit_baseline(name, self.split.train, items, quality, grid)
        validation, test = self.answers(name, chosen.score)
        gain = gains(model.ranks) - gains(test.ranks)
        return Compared(
            settings=chosen.settings,
            validation=rank_figures(validation.ranks),
            test=self.metrics(test),
            intervals=_intervals(test),
            gain=float(gain.mean()),
            gain_interval=None if too_few(len(gain)) else intervals(gain[:, None])[0],
        )

    def _advance(self, stage: str, users: int) -> Advance | None:
        progress = self.progress
        return None if progress is None else lambda done: progress(stage, done, users)


def choosing_users(items: int) -> int:
    """How many users' validation items decide a baseline's settings, at most."""
    return min(CHOOSING_USERS, max(CHOOSING_USERS // 10, _CHOOSING_SCORES // items))


def _intervals(test: Answers) -> dict[str, Interval]:
    if too_few(len(test.ranks)):
        return {}
    hr, ndcg_ = intervals(np.stack([hits(test.ranks), gains(test.ranks)], axis=1))
    return {"hr@10": hr, "ndcg@10": ndcg_}


def recorded_dataset(bundle: Bundle) -> Dataset:
    """Read the data that the bundle was trained on again.

    Raises:
        TrainingError: it was data frames, cannot be read any more, or has changed.
    """
    meta = bundle.metadata
    if meta.location is None:
        raise TrainingError("this model was trained on data frames; pass the data set to evaluate")
    try:
        dataset = Dataset.load(meta.location)
    except (DataError, DownloadError) as exc:
        raise TrainingError(f"the data of this model cannot be read again: {exc}") from exc
    if dataset.source is None or dataset.source.sha256 != meta.sha256:
        raise TrainingError(
            f"{meta.location} has changed since the model was trained on it, so the model may have "
            "been trained on test items; train again"
        )
    return dataset


def model_scores(bundle: Bundle, dataset: Dataset) -> Score:
    """The inner products of both encoders' vectors, as the pipelines compute them."""
    towers = Towers(bundle)
    users, vectors = UserEncoder(towers), ItemEncoder(towers).encode(dataset.item_records())
    features = bundle.user_features.transform(dataset.user_records())
    known = known_rows(bundle, dataset.items[ITEM_ID].tolist())

    def score(rows: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        histories = [known[past][known[past] >= 0] for past in pasts]
        arrays = {name: array[rows] for name, array in features.items()}
        return np.asarray(users.encode_rows(histories, arrays) @ vectors.T)

    return score
