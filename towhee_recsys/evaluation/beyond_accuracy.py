"""Measure recommended lists beyond accuracy: coverage, novelty, popularity lift, diversity.

The metrics read lists and not a model's vectors, so they compare anything that recommends.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from towhee_recsys.datasets import Dataset, Split
from towhee_recsys.evaluation.ranking import Answers
from towhee_recsys.features.columns import LabelsFeature
from towhee_recsys.features.vocabulary import Vocabulary

Lists = NDArray[np.int32]
"""``(U, K)`` item rows, best first; -1 after the end of a shorter list."""


def beyond_accuracy_metrics(
    answers: Answers,
    split: Split,
    items: int,
    counts: NDArray[np.int64],
    labels: csr_array | None,
) -> dict[str, float]:
    """``coverage@10``, ``novelty@10``, ``popularity_lift@10`` and, with labels, ``diversity@10``.

    Args:
        answers: lists of ten for the test.
        split: what users had seen before.
        items: how many items were ranked.
        counts: ``(N,)`` interactions of each item in training.
        labels: see `item_labels`.
    """
    lists = answers.lists
    metrics = {
        "coverage@10": coverage(lists, items),
        "novelty@10": novelty(lists, counts, int((split.train.lengths > 0).sum())),
        "popularity_lift@10": popularity_lift(
            lists, counts, _history_means(answers, split, counts)
        ),
    }
    return metrics if labels is None else {**metrics, "diversity@10": diversity(lists, labels)}


def coverage(lists: Lists, items: int) -> float:
    """The share of `items` that are in at least one list (catalogue coverage, Ge et al. 2010)."""
    return len(np.unique(lists[lists >= 0])) / items


def novelty(lists: Lists, counts: NDArray[np.int64], users: int) -> float:
    """Mean self-information of the listed items, in bits (Zhou et al. 2010; Vargas and Castells
    2011): -log2 of the share of users who interacted with the item in training. An item without
    interactions counts as if it had one. 0 if nothing is listed."""
    listed = lists[lists >= 0]
    bits = np.log2(users / np.maximum(counts[listed], 1))
    return float(bits.sum() / max(1, len(listed)))


def popularity_lift(lists: Lists, counts: NDArray[np.int64], before: NDArray[np.float64]) -> float:
    """How much more popular the lists are than the histories (Abdollahpouri et al. 2019): the mean
    popularity of a list over that of a history, minus 1. 0 means that popularity is not amplified.

    Args:
        lists: the recommended items.
        counts: ``(N,)`` interactions of each item in training.
        before: ``(U,)`` mean count of the items of each user's history.
    """
    listed = np.where(lists >= 0, counts[lists], 0).sum(axis=1)
    means = listed / np.maximum((lists >= 0).sum(axis=1), 1)
    return float(means.mean() / before.mean() - 1)


def diversity(lists: Lists, labels: csr_array) -> float:
    """Mean intra-list distance (Ziegler et al. 2005). The distance of two items is the Jaccard
    distance of their labels: 1 - common labels / all their labels; 1 if neither has any."""
    sizes = np.asarray(labels.sum(axis=1))
    distances = pairs = 0.0
    for a, b in combinations(range(lists.shape[1]), 2):
        both = lists[(lists[:, a] >= 0) & (lists[:, b] >= 0)]
        one, other = both[:, a], both[:, b]
        common = np.asarray(labels[one].multiply(labels[other]).sum(axis=1))
        union = np.maximum(sizes[one] + sizes[other] - common, 1)
        distances += float((1 - common / union).sum())
        pairs += len(both)
    return distances / pairs if pairs else 0.0


def item_labels(dataset: Dataset) -> csr_array | None:
    """``(N, L)``: 1 if the item has the label, over all columns of labels; None without any."""
    roles = {name: column.role for name, column in dataset.schema.items.items()}
    names = [n for n, role in roles.items() if role in ("categorical", "multi_categorical")]
    if not names:
        return None
    tables = [dataset.items[name].tolist() for name in names]
    per_item = [
        sorted({(name, text) for name, value in zip(names, row, strict=True)
                for text in LabelsFeature.split(value)})
        for row in zip(*tables, strict=True)
    ]  # fmt: skip
    known = Vocabulary(sorted({label for row in per_item for label in row}))
    codes = known.codes(label for row in per_item for label in row)
    ends = np.cumsum([0, *map(len, per_item)])
    return csr_array(
        (np.ones(len(codes), np.float32), codes, ends), shape=(len(per_item), known.size)
    )


def _history_means(
    answers: Answers, split: Split, counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """``(U,)``: the mean popularity of the items in each user's history before the test."""
    train = split.train
    sums = np.concatenate(([0], np.cumsum(counts[train.items])))[train.offsets]
    of_train, lengths = np.diff(sums)[answers.users], train.lengths[answers.users]
    return np.asarray((of_train + counts[split.validation[answers.users]]) / (lengths + 1))
