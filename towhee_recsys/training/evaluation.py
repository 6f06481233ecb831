"""A bundle and a data set → how often the next item is among the first ten of the full ranking.

The protocol: all interactions count, each user's last is the test's, the one before it
validation's. Every item that `ingest` writes is ranked, less those the user has seen by then; the
history goes up to the target. Equal scores are ordered by id, as the index orders them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Dataset, Histories, Split, histories, last_two
from towhee_recsys.encoders import ItemEncoder, UserEncoder
from towhee_recsys.errors import DataError, DownloadError, TrainingError
from towhee_recsys.training.baselines import popularity
from towhee_recsys.training.metrics import Ranks, rank_targets, summary
from towhee_recsys.types import ITEM_ID

_SCORES_AT_ONCE = 2**22
"""Scores held in memory: as many users together as fit, at most 256."""

Score = Callable[[NDArray[np.int64], list[NDArray[np.int32]]], NDArray[np.float32]]
"""User rows and their histories (item rows) → ``(B, N)`` float32 scores."""
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model and, under the same protocol, of popularity."""

    validation: dict[str, float]
    test: dict[str, float]
    popularity: dict[str, float]
    """Of the test items."""
    users: int
    """Users who were asked."""
    items: int
    """Items that were ranked."""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def evaluate(
    bundle: Bundle | str | Path,
    dataset: Dataset | None = None,
    *,
    items: Literal["all", "rated"] = "all",
    advance: Advance | None = None,
) -> Evaluation:
    """Rank the full catalogue for every user's last two items.

    Args:
        bundle: a model trained with ``holdout="last-two"``.
        dataset: by default the data that the bundle was trained on, read again.
        items: rank all rows of the items' table, or only those with an interaction, as the
            published tables do.
        advance: called with the number of users done, twice each.

    Raises:
        TrainingError: the model has seen the answers, its data is gone or has changed, or no user
            has three interactions.
    """
    bundle = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
    if bundle.metadata.holdout == "none":
        raise TrainingError(
            "this model was trained on all interactions (--holdout none), the ones that it would "
            "be asked for included; evaluate a model trained with --holdout last-two"
        )
    dataset = dataset or recorded_dataset(bundle)
    past = histories(dataset)
    split = last_two(past)
    if not (split.test >= 0).any():
        raise TrainingError(
            f"nobody in {dataset.name} has three interactions, so that there is nothing to ask; "
            "evaluate on data with longer histories"
        )
    ranked = np.arange(len(dataset.items))
    if items == "rated":
        ranked = np.intersect1d(ranked, past.items)
    score, ids = model_scores(bundle, dataset), dataset.items[ITEM_ID].to_numpy()
    ranks = {
        which: rank_users(score, split, which, ranked, ids, advance=advance)
        for which in ("validation", "test")
    }
    counts = popularity(split.train, len(dataset.items)).astype(np.float32)
    popular = rank_users(
        lambda users, _: np.tile(counts, (len(users), 1)), split, "test", ranked, ids
    )
    return Evaluation(
        validation=summary(ranks["validation"]),
        test=summary(ranks["test"]),
        popularity=summary(popular),
        users=len(ranks["test"]),
        items=len(ranked),
    )


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
            "trained on and what it is asked may overlap; train again, or name the data"
        )
    return dataset


def model_scores(bundle: Bundle, dataset: Dataset) -> Score:
    """The inner products of both encoders' vectors, as the pipelines compute them."""
    users = UserEncoder(bundle)
    vectors = ItemEncoder(bundle).encode(dataset.item_records())
    records = dataset.user_records()
    ids = np.array(dataset.items[ITEM_ID].tolist(), dtype=object)

    def score(rows: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        requests = [
            {"user": records[row], "history": ids[past].tolist()}
            for row, past in zip(rows, pasts, strict=True)
        ]
        return np.asarray(users.encode(requests) @ vectors.T)

    return score


def rank_users(
    score: Score,
    split: Split,
    which: Literal["validation", "test"],
    ranked: NDArray[np.int64],
    ids: NDArray[Any],
    *,
    users: NDArray[np.int64] | None = None,
    advance: Advance | None = None,
) -> Ranks:
    """The rank of each user's target, in the order of `users` (by default all who have one).

    Args:
        score: what is measured.
        split: what users had met, and what they are asked for.
        which: the target.
        ranked: ``(R,)`` item rows to rank.
        ids: ``(N,)`` ids of all items, by which equal scores are ordered.
        users: user rows to ask.
        advance: called with the number of users done.
    """
    targets = split.validation if which == "validation" else split.test
    rows = np.flatnonzero(targets >= 0) if users is None else users
    rows = rows[np.isin(targets[rows], ranked)]
    order = ranked[np.argsort(ids[ranked], kind="stable")]
    column = np.full(len(ids), -1)
    column[order] = np.arange(len(order))
    ranks = np.empty(len(rows), dtype=np.int64)
    together = max(1, min(256, _SCORES_AT_ONCE // max(1, len(ranked))))
    for part in _chunks(rows, split.train, together):
        pasts = [_past(split, int(row), which) for row in rows[part]]
        scores = score(rows[part], pasts)[:, order]
        seen = [column[past] for past in pasts]
        seen = [columns[columns >= 0] for columns in seen]
        ranks[part] = rank_targets(scores, column[targets[rows[part]]], seen)
        if advance:
            advance(len(part))
    return ranks


def _past(split: Split, row: int, which: Literal["validation", "test"]) -> NDArray[np.int32]:
    past = split.train.of(row)
    return past if which == "validation" else np.append(past, split.validation[row])


def _chunks(rows: NDArray[np.int64], train: Histories, size: int) -> Iterator[NDArray[np.int64]]:
    """Positions in `rows`, users of like history length together."""
    order = np.argsort(train.lengths[rows], kind="stable")
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]
