"""A data set → one without some users and items, and how well a model of it serves these.

    training, cold = hold_out(dataset)
    figures = measure(train(training), cold)

Held-out users are asked for again after 0, 1, 3 and 10 of their interactions, as people who have
just arrived. Held-out items are those of a shop that have just come in: the model knows their
features, and nobody has met them.
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

MET = (0, 1, 3, 10)
"""After how many interactions new users are asked."""

Figures = dict[str, float]


@dataclass(frozen=True, eq=False)
class ColdSplit:
    """What `hold_out` kept back."""

    dataset: Dataset
    """The whole data set."""
    users: NDArray[np.int64]
    """Rows of the users' table, ascending."""
    items: NDArray[np.int64]
    """Rows of the items' table, ascending."""


def hold_out(
    dataset: Dataset, *, users: float = 0.1, items: float = 0.1, seed: int = 0
) -> tuple[Dataset, ColdSplit]:
    """Take all interactions of some users and of some items out of a data set.

    Both tables stay whole, so that rows mean the same, and the items' features are known.

    Args:
        dataset: what to split.
        users: share of the users who met anything.
        items: share of the items that anybody met.
        seed: of the draw.

    Returns:
        What to train on, and what to measure.

    Raises:
        TrainingError: a share is not between 0 and 1, or leaves nobody or nothing on either side.
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
    """How well a model serves users and items that it has never met.

    New users: of each, interactions with held-out items are passed over, the first k others are
    the history, and the one after them is asked for, among all items but those k. Beside the
    model's ``hr@10`` and ``ndcg@10`` stand those of what is most popular in training, among all and
    among users with the same labels (``segment``, where there are such columns).

    New items: each user of the training data whose last interaction is with a held-out item is
    asked for it, with the history before it (which may have other held-out items: their vectors
    come from their features too). It is ranked among ``all`` items, and among the ``cold`` ones
    alone, always less what was met. Beside the model stand popularity, which knows nothing of any
    of them and leaves them in the order of their ids, and the expectation of a random order.

    Args:
        bundle: a model of what `hold_out` gave to train on.
        cold: what it kept back.

    Returns:
        ``{"users": [{"met": k, "users": n, "model": …, "popularity": …, "segment": …}, …],
        "items": {"items": n, "users": n, "all": {"model": …, "popularity": …, "random": …},
        "cold": {…}}}``.

    Raises:
        TrainingError: the model has met a held-out item, or nobody is left to ask for one.
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
    """What is popular among users with the same labels, in the order of `Popular.hits`."""
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
    asked = np.isin(np.arange(len(past.lengths)), cold.users)
    past = _only(past, known)
    found = []
    for met in MET:
        split = _after(past, met, asked)
        users = int((split.validation >= 0).sum())
        if users:
            figures = {
                name: summary(rank_users(score, split, "validation", everything, ids))
                for name, score in scores.items()
            }
            found.append({"met": met, "users": users, **figures})
    return found


def _new_items(scores: dict[str, Score], cold: ColdSplit) -> dict[str, Any]:
    past, ids = cold.dataset.histories, cold.dataset.items[ITEM_ID].to_numpy()
    asked = past.lengths > 0
    asked[cold.users] = False
    split = _after(past, past.lengths - 1, asked)
    asked &= np.isin(split.validation, cold.items)
    if not asked.any():
        raise TrainingError(
            "nobody's last interaction is with a held-out item; hold out a larger share of items"
        )
    split = replace(split, validation=np.where(asked, split.validation, -1))
    found: dict[str, Any] = {"items": len(cold.items), "users": int(asked.sum())}
    for among, ranked in (("all", np.arange(len(ids))), ("cold", cold.items)):
        found[among] = {
            name: summary(rank_users(score, split, "validation", ranked, ids))
            for name, score in scores.items()
        }
        left = [len(ranked) - int(np.isin(split.train.of(int(u)), ranked).sum())
                for u in np.flatnonzero(asked)]  # fmt: skip
        found[among]["random"] = random_figures(np.array(left))
    return found


def random_figures(candidates: NDArray[np.int64]) -> Figures:
    """The expected ``hr@10`` and ``ndcg@10`` of a random order of so many candidates for each
    user, one of which is the target."""
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
            "some on either side"
        )
    return np.sort(rng.choice(rows, count, replace=False))


def _only(past: Histories, kept: NDArray[np.bool_]) -> Histories:
    """Histories of the kept positions."""
    offsets = np.concatenate(([0], np.cumsum(kept)))[past.offsets]
    return Histories(offsets, past.items[kept])


def _after(past: Histories, met: int | NDArray[np.int64], asked: NDArray[np.bool_]) -> Split:
    """Each asked user's first `met` items as the history, the next one as validation's."""
    begins, lengths = past.offsets[:-1], past.lengths
    has = asked & (lengths > met)
    validation = np.full(len(lengths), -1, np.int32)
    validation[has] = past.items[(begins + met)[has]]
    place = np.arange(len(past.items)) - np.repeat(begins, lengths)
    kept = np.repeat(has, lengths) & (place < np.repeat(np.where(has, met, 0), lengths))
    return Split(_only(past, kept), validation, np.full(len(lengths), -1, np.int32))
