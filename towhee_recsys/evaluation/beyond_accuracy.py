"""The lists that users would be shown → how broad, how novel and how varied they are.

None of these figures reads a model's vectors, so that they compare whatever makes lists.
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
"""``(U, K)`` item rows, best first, -1 where a list is shorter."""


def list_figures(
    answers: Answers,
    split: Split,
    items: int,
    counts: NDArray[np.int64],
    labels: csr_array | None,
) -> dict[str, float]:
    """``coverage@10``, ``novelty@10``, ``popularity_lift@10`` and, with labels, ``diversity@10``.

    Args:
        answers: lists of ten for the test.
        split: what users had met before.
        items: how many could have been listed.
        counts: ``(N,)`` interactions of each item in training.
        labels: `item_labels`.
    """
    lists = answers.lists
    figures = {
        "coverage@10": coverage(lists, items),
        "novelty@10": novelty(lists, counts, int((split.train.lengths > 0).sum())),
        "popularity_lift@10": popularity_lift(
            lists, counts, _history_means(answers, split, counts)
        ),
    }
    return figures if labels is None else {**figures, "diversity@10": diversity(lists, labels)}


def coverage(lists: Lists, items: int) -> float:
    """The share of `items` that stand in anybody's list (Ge et al. 2010, catalogue coverage)."""
    return len(np.unique(lists[lists >= 0])) / items


def novelty(lists: Lists, counts: NDArray[np.int64], users: int) -> float:
    """Mean self-information of what is listed, in bits: -log2 of the share of users who had met
    the item in training (Zhou et al. 2010; Vargas and Castells 2011). An item that nobody had met
    counts as if one had. 0 where nothing is listed."""
    listed = lists[lists >= 0]
    bits = np.log2(users / np.maximum(counts[listed], 1))
    return float(bits.sum() / max(1, len(listed)))


def popularity_lift(lists: Lists, counts: NDArray[np.int64], before: NDArray[np.float64]) -> float:
    """How much more popular the lists are than what users had chosen themselves: mean popularity
    of a list over mean popularity of a history, less 1 (Abdollahpouri et al. 2019). 0 means that
    popularity is not amplified.

    Args:
        lists: what is recommended.
        counts: ``(N,)`` interactions of each item in training.
        before: ``(U,)`` mean count of the items of each user's history.
    """
    listed = np.where(lists >= 0, counts[lists], 0).sum(axis=1)
    means = listed / np.maximum((lists >= 0).sum(axis=1), 1)
    return float(means.mean() / before.mean() - 1)


def diversity(lists: Lists, labels: csr_array) -> float:
    """Mean intra-list distance (Ziegler et al. 2005), where the distance of two items is that of
    Jaccard between their labels: 1 - common labels / all their labels; 1 where neither has any."""
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
    """``(N, L)``: 1 where an item bears a label, over all columns of labels; None without any."""
    roles = {name: column.role for name, column in dataset.schema.items.items()}
    names = [n for n, role in roles.items() if role in ("categorical", "multi_categorical")]
    if not names:
        return None
    tables = [dataset.items[name].tolist() for name in names]
    borne = [
        sorted({(name, text) for name, value in zip(names, row, strict=True)
                for text in LabelsFeature.split(value)})
        for row in zip(*tables, strict=True)
    ]  # fmt: skip
    known = Vocabulary(sorted({label for row in borne for label in row}))
    codes = known.codes(label for row in borne for label in row)
    ends = np.cumsum([0, *map(len, borne)])
    return csr_array((np.ones(len(codes), np.float32), codes, ends), shape=(len(borne), known.size))


def _history_means(
    answers: Answers, split: Split, counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """``(U,)``: how popular, on average, the items are that each user had met before the test."""
    train = split.train
    sums = np.concatenate(([0], np.cumsum(counts[train.items])))[train.offsets]
    of_train, lengths = np.diff(sums)[answers.users], train.lengths[answers.users]
    return np.asarray((of_train + counts[split.validation[answers.users]]) / (lengths + 1))
