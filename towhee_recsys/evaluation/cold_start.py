"""Measure how well a model serves users and items that were not in its training data.

    training, cold = hold_out(dataset)
    figures = measure(train(training), cold)

Held-out users stand for new users: they are evaluated after 0, 1, 3 and 10 of their interactions.
Held-out items stand for new items: the model knows their features, but no interactions with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.bundle import Bundle
from towhee_recsys.datasets import Dataset, Histories, Split
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.baselines import popular_score
from towhee_recsys.evaluation.evaluation import model_scores
from towhee_recsys.evaluation.metrics import summary
from towhee_recsys.evaluation.ranking import Score, rank_users
from towhee_recsys.types import ITEM_ID, USER_ID

LENGTHS = (0, 1, 3, 10)
"""After how many interactions new users are evaluated."""

Figures = dict[str, float]


@dataclass(frozen=True, eq=False)
class ColdSplit:
    """What `hold_out` held out."""

    dataset: Dataset
    """The whole data set."""
    users: NDArray[np.int64]
    """Rows of the users' table, ascending."""
    items: NDArray[np.int64]
    """Rows of the items' table, ascending."""


def hold_out(
    dataset: Dataset, *, users: float = 0.1, items: float = 0.1, seed: int = 0
) -> tuple[Dataset, ColdSplit]:
    """Remove all interactions of some users and of some items from a data set.

    Both tables stay whole, so rows keep their meaning and the items' features stay known.

    Args:
        dataset: the data set to split.
        users: the share of users to hold out, of those with interactions.
        items: the share of items to hold out, of those with interactions.
        seed: of the random draw.

    Returns:
        The data set to train on, and what to measure.

    Raises:
        TrainingError: a share is not between 0 and 1, or leaves one side empty.
    """
    past = dataset.histories
    rng = np.random.default_rng(seed)
    cold_users = _draw(rng, np.flatnonzero(past.lengths), users, "users")
    cold_items = _draw(rng, np.unique(past.items).astype(np.int64), items, "items")
    table = dataset.interactions
    cold = table[USER_ID].isin(dataset.users[USER_ID].iloc[cold_users]) | table[ITEM_ID].isin(
        dataset.items[ITEM_ID].iloc[cold_items]
    )
    training = replace(
        dataset,
        name=f"{dataset.name} without cold users and items",
        interactions=table[~cold].reset_index(drop=True),
        source=None,
    )
    return training, ColdSplit(dataset, cold_users, cold_items)


def measure(bundle: Bundle, cold: ColdSplit) -> dict[str, Any]:
    """Measure how well a model serves new users and new items, as ``hr@10`` and ``ndcg@10``.

    New users: interactions with held-out items are ignored. The history is the first k
    interactions, the target is the next one, and all items outside the history are ranked. The
    model is compared with popularity in training: among all users, and among users with the same
    labels (``segment``, if there are such columns).

    New items: the users are those of the training data whose last interaction is with a held-out
    item. That item is the target, and the interactions before it are the history. (The history may
    contain other held-out items; their vectors come from their features too.) The target is ranked
    among ``all`` items, and among the held-out ones alone (``cold``), without items already seen.
    The model is compared with popularity, for which all held-out items are equal and in the order
    of their ids, and with the expectation of a random order.

    Args:
        bundle: a model that was trained on the data set from `hold_out`.
        cold: what `hold_out` held out.

    Returns:
        ``users``, a list of ``{"met": k, "users": n, "model": …, "popularity": …, "segment": …}``,
        where ``met`` is the length of the history, and ``items``, a dict of ``items``, ``users``,
        ``all`` (``{"model": …, "popularity": …, "random": …}``) and ``cold`` (likewise).

    Raises:
        TrainingError: the model was trained on a held-out item, or no user is left to evaluate.
    """
    if bundle.popularity[cold.items].any():
        raise TrainingError(
            "this model was trained on interactions with the held-out items; train it on the data "
            "set that hold_out returns"
        )
    scores = {
        "model": model_scores(bundle, cold.dataset),
        "popularity": popular_score(bundle.popularity),
    }
    segment = {"segment": segment_score(bundle, cold.dataset)} if bundle.segments else {}
    return {"users": _new_users({**scores, **segment}, cold), "items": _new_items(scores, cold)}


def segment_score(bundle: Bundle, dataset: Dataset) -> Score:
    """Rank by popularity among users with the same labels, as `Popular.hits` does."""
    row_of = {item: row for row, item in enumerate(dataset.items[ITEM_ID].tolist())}
    records = dataset.user_records()

    def score(users: NDArray[np.int64], _: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        places = np.empty((len(users), len(row_of)), np.float32)
        for i, user in enumerate(users):
            hits = bundle.popular.hits(bundle.popular.among(records[user]))
            places[i, [row_of[hit["item_id"]] for hit in hits]] = np.arange(len(row_of))
        return -places

    return score


def _new_users(scores: dict[str, Score], cold: ColdSplit) -> list[dict[str, Any]]:
    past, ids = cold.dataset.histories, cold.dataset.items[ITEM_ID].to_numpy()
    known = np.isin(past.items, cold.items, invert=True)
    everything = np.arange(len(ids))
    evaluated = np.isin(np.arange(len(past.lengths)), cold.users)
    past = past.only(known)
    found = []
    for length in LENGTHS:
        split = _after(past, length, evaluated)
        users = int((split.validation >= 0).sum())
        if users:
            figures = {
                name: summary(rank_users(score, split, "validation", everything, ids))
                for name, score in scores.items()
            }
            found.append({"met": length, "users": users, **figures})
    return found


def _new_items(scores: dict[str, Score], cold: ColdSplit) -> dict[str, Any]:
    past, ids = cold.dataset.histories, cold.dataset.items[ITEM_ID].to_numpy()
    evaluated = past.lengths > 0
    evaluated[cold.users] = False
    split = _after(past, past.lengths - 1, evaluated)
    evaluated &= np.isin(split.validation, cold.items)
    if not evaluated.any():
        raise TrainingError(
            "no user's last interaction is with a held-out item; hold out a larger share of items"
        )
    split = replace(split, validation=np.where(evaluated, split.validation, -1))
    found: dict[str, Any] = {"items": len(cold.items), "users": int(evaluated.sum())}
    for among, ranked in (("all", np.arange(len(ids))), ("cold", cold.items)):
        found[among] = {
            name: summary(rank_users(score, split, "validation", ranked, ids))
            for name, score in scores.items()
        }
        left = [len(ranked) - int(np.isin(split.train.of(int(u)), ranked).sum())
                for u in np.flatnonzero(evaluated)]  # fmt: skip
        found[among]["random"] = random_figures(np.array(left))
    return found


def random_figures(candidates: NDArray[np.int64]) -> Figures:
    """The expected ``hr@10`` and ``ndcg@10`` of a random order.

    Args:
        candidates: ``(U,)`` how many items are ranked for each user, the target included.
    """
    places = np.minimum(candidates, 10)
    gained = np.cumsum(1 / np.log2(np.arange(1, 11) + 1.0))[places - 1]
    return {
        "hr@10": float((places / candidates).mean()),
        "ndcg@10": float((gained / candidates).mean()),
    }


def _draw(
    rng: np.random.Generator, rows: NDArray[np.int64], share: float, what: str
) -> NDArray[np.int64]:
    count = round(share * len(rows))
    if not 0 < count < len(rows):
        raise TrainingError(
            f"a share of {share} holds out {count} of {len(rows)} {what}; choose one that leaves "
            "some on each side"
        )
    return np.sort(rng.choice(rows, count, replace=False))


def _after(past: Histories, length: int | NDArray[np.int64], evaluated: NDArray[np.bool_]) -> Split:
    """Take each evaluated user's first `length` items as history, the next one for validation."""
    begins, lengths = past.offsets[:-1], past.lengths
    has = evaluated & (lengths > length)
    validation = np.full(len(lengths), -1, np.int32)
    validation[has] = past.items[(begins + length)[has]]
    place = np.arange(len(past.items)) - np.repeat(begins, lengths)
    kept = np.repeat(has, lengths) & (place < np.repeat(np.where(has, length, 0), lengths))
    return Split(past.only(kept), validation, np.full(len(lengths), -1, np.int32))
