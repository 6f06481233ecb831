"""A bundle and a data set → how well the next item is found in the full ranking, how sure that is,
for whom, and next to what.

The protocol: all interactions count, each user's last is the test's, the one before it
validation's. Every item that `ingest` writes is ranked, less those the user has seen by then; the
history goes up to the target. Equal scores are ordered by id, as the index orders them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Dataset, Split, last_two
from towhee_recsys.encoders import ItemEncoder, UserEncoder, known_rows
from towhee_recsys.errors import DataError, DownloadError, TrainingError
from towhee_recsys.evaluation.baselines import (
    POPULARITY,
    check_baselines,
    fit_baseline,
)
from towhee_recsys.evaluation.beyond_accuracy import item_labels, list_figures
from towhee_recsys.evaluation.bootstrap import Interval, intervals
from towhee_recsys.evaluation.calibration_fit import calibration_figures
from towhee_recsys.evaluation.metrics import gains, hits, ndcg, rank_figures
from towhee_recsys.evaluation.ranking import (
    Advance,
    Answers,
    Score,
    Which,
    answer_users,
    rank_users,
)
from towhee_recsys.evaluation.segments import Segment, all_segments
from towhee_recsys.types import ITEM_ID

__all__ = ["Compared", "Evaluation", "evaluate", "model_scores", "rank_users", "recorded_dataset"]

CHOOSING_USERS = 2_000
"""Users whose validation items choose a baseline's settings."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the number of users done since the last call, and of how many."""


@dataclass(frozen=True)
class Compared:
    """A baseline under the same protocol as the model."""

    settings: dict[str, float]
    """Chosen for validation."""
    validation: dict[str, float]
    test: dict[str, float]
    intervals: dict[str, Interval]
    """95% of the test's ``hr@10`` and ``ndcg@10``."""
    gain: float
    """The model's test NDCG@10 less this one's."""
    gain_interval: Interval
    """95% of the gain, over users in pairs; above 0 where the model is better beyond chance."""


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model and, under the same protocol, of baselines."""

    validation: dict[str, float]
    """``hr@k`` and ``ndcg@k`` for k of 1, 5, 10, 20, 50 and 100, and ``mrr``."""
    test: dict[str, float]
    """Also ``coverage@10``, ``novelty@10``, ``popularity_lift@10`` and, where items have labels,
    ``diversity@10``; see `training.lists`."""
    intervals: dict[str, Interval]
    """95% of the test's ``hr@10`` and ``ndcg@10``, over users; see `training.bootstrap`."""
    segments: dict[str, list[Segment]]
    """The test by groups of users: ``history``, ``target``, ``users.COLUMN``; see
    `training.segments`."""
    baselines: dict[str, Compared]
    """By name; ``popularity`` is always there."""
    calibration: dict[str, float]
    """``predicted``, ``observed`` and ``error``, of the first ten items of the test's lists; see
    `training.calibrating`. Empty where the model has no calibration."""
    users: int
    """Users who were asked."""
    items: int
    """Items that were ranked."""

    @property
    def popularity(self) -> dict[str, float]:
        """The test metrics of recommending what is most popular."""
        return self.baselines[POPULARITY].test

    def as_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        groups = {by: [one.as_dict() for one in found] for by, found in self.segments.items()}
        return {**asdict(self), "segments": groups}


def evaluate(
    bundle: Bundle | str | Path,
    dataset: Dataset | None = None,
    *,
    items: Literal["all", "rated"] = "all",
    baselines: Sequence[str] = (),
    progress: Progress | None = None,
) -> Evaluation:
    """Rank the full catalogue for every user's last two items.

    Args:
        bundle: a model trained with ``holdout="last-two"``.
        dataset: by default the data that the bundle was trained on, read again. That nothing in
            another one's answers was trained on is for the caller to know.
        items: rank all rows of the items' table, or only those with an interaction, as the
            published tables do.
        baselines: to compare with beside popularity: ``ials`` (needs the extra ``bench``),
            ``ease``, ``decayed-ease``. Each is fitted several times, to choose its settings.
        progress: called as users are done.

    Raises:
        TrainingError: the model has seen the answers, its data is gone or has changed, nobody has
            three interactions, or a baseline cannot be had here.
        ConfigError: there is no such baseline.
    """
    bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
    if bundle.metadata.holdout == "none":
        raise TrainingError(
            "this model was trained on all interactions (--holdout none), the ones that it would "
            "be asked for included; evaluate a model trained with --holdout last-two"
        )
    dataset = dataset or recorded_dataset(bundle)
    check_baselines(baselines, len(dataset.items))
    exam = _Exam.of(dataset, items, progress)
    validation, test = exam.answers("model", model_scores(bundle, dataset))
    return Evaluation(
        validation=rank_figures(validation.ranks),
        test=exam.figures(test),
        intervals=_intervals(test),
        segments=all_segments(
            test.ranks,
            test.users,
            exam.split.train.lengths[test.users] + 1,
            exam.split.test[test.users],
            exam.counts,
            dataset,
        ),
        baselines={
            name: exam.compare(name, test) for name in dict.fromkeys([POPULARITY, *baselines])
        },
        calibration=(
            calibration_figures(bundle.calibration, test, exam.split.test[test.users])
            if bundle.calibration
            else {}
        ),
        users=len(test.users),
        items=len(exam.ranked),
    )


@dataclass(frozen=True, eq=False)
class _Exam:
    """What a model and its baselines are asked, and how their answers are marked."""

    split: Split
    ranked: NDArray[np.int64]
    ids: NDArray[Any]
    counts: NDArray[np.int64]
    labels: csr_array | None
    progress: Progress | None

    @classmethod
    def of(cls, dataset: Dataset, items: str, progress: Progress | None) -> _Exam:
        past = dataset.histories
        split = last_two(past)
        if not (split.test >= 0).any():
            raise TrainingError(
                f"nobody in {dataset.name} has three interactions, so that there is nothing to "
                "ask; evaluate on data with longer histories"
            )
        everything = np.arange(len(dataset.items))
        return cls(
            split=split,
            ranked=np.intersect1d(everything, past.items) if items == "rated" else everything,
            ids=dataset.items[ITEM_ID].to_numpy(),
            counts=split.train.item_counts(len(everything)),
            labels=item_labels(dataset),
            progress=progress,
        )

    def answers(self, name: str, score: Score) -> tuple[Answers, Answers]:
        """Those for validation and those for the test."""
        found = [
            answer_users(
                score,
                self.split,
                which,
                self.ranked,
                self.ids,
                advance=self._advance(f"{name}, {which}", int((self.split.test >= 0).sum())),
            )
            for which in ("validation", "test")
        ]
        return found[0], found[1]

    def figures(self, test: Answers) -> dict[str, float]:
        return {
            **rank_figures(test.ranks),
            **list_figures(test, self.split, len(self.ranked), self.counts, self.labels),
        }

    def compare(self, name: str, model: Answers) -> Compared:
        """A baseline of the best settings, next to the model's answers for the test."""
        asked = np.flatnonzero(self.split.validation >= 0)
        some = np.sort(np.random.default_rng(0).permutation(asked)[:CHOOSING_USERS])
        advance = self._advance(f"{name}, settings", len(some))

        def quality(score: Score) -> float:
            which: Which = "validation"
            return ndcg(
                rank_users(
                    score, self.split, which, self.ranked, self.ids, users=some, advance=advance
                )
            )

        chosen = fit_baseline(name, self.split.train, len(self.ids), quality)
        validation, test = self.answers(name, chosen.score)
        gain = gains(model.ranks) - gains(test.ranks)
        return Compared(
            settings=chosen.settings,
            validation=rank_figures(validation.ranks),
            test=self.figures(test),
            intervals=_intervals(test),
            gain=float(gain.mean()),
            gain_interval=intervals(gain[:, None])[0],
        )

    def _advance(self, stage: str, users: int) -> Advance | None:
        progress = self.progress
        return None if progress is None else lambda done: progress(stage, done, users)


def _intervals(test: Answers) -> dict[str, Interval]:
    hr, ndcg_ = intervals(np.stack([hits(test.ranks), gains(test.ranks)], axis=1))
    return {"hr@10": hr, "ndcg@10": ndcg_}


def recorded_dataset(bundle: Bundle) -> Dataset:
    """The data that the bundle was trained on, read again from where it was.

    Raises:
        TrainingError: it was data frames, cannot be read any more, or has changed since.
    """
    meta = bundle.metadata
    if meta.location is None:
        raise TrainingError("this model was trained on data frames; pass the data set to evaluate")
    try:
        dataset = Dataset.load(meta.location)
    except (DataError, DownloadError) as exc:
        raise TrainingError(f"what this model was trained on cannot be read again: {exc}") from exc
    if dataset.source is None or dataset.source.sha256 != meta.sha256:
        raise TrainingError(
            f"{meta.location} has changed since the model was trained on it, so that what it was "
            "trained on and what it is asked may overlap; train again"
        )
    return dataset


def model_scores(bundle: Bundle, dataset: Dataset) -> Score:
    """The inner products of both encoders' vectors, as the pipelines compute them."""
    users = UserEncoder(bundle)
    vectors = ItemEncoder(bundle).encode(dataset.item_records())
    features = bundle.user_features.transform(dataset.user_records())
    known = known_rows(bundle, dataset.items[ITEM_ID].tolist())

    def score(rows: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        histories = [known[past][known[past] >= 0] for past in pasts]
        arrays = {name: array[rows] for name, array in features.items()}
        return np.asarray(users.encode_rows(histories, arrays) @ vectors.T)

    return score
