"""Compute hit rate and NDCG for groups of users: by history, by target, by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets import Dataset
from towhee_recsys.evaluation.metrics import Ranks, summary
from towhee_recsys.text import label

SMALLEST = 20
"""Users that a label needs for a group of its own. Rarer labels are shown together."""
MOST = 20
"""Labels of a column that are shown, the most frequent ones."""
MISSING, OTHERS = "(missing)", "(others)"


@dataclass(frozen=True)
class UserGroup:
    """A group of users, and how well the model predicts their next items."""

    group: str
    users: int
    metrics: dict[str, float]
    """``hr@10`` and ``ndcg@10``."""

    def as_dict(self) -> dict[str, object]:
        return {"group": self.group, "users": self.users, **self.metrics}


def by_history(ranks: Ranks, lengths: NDArray[np.int64]) -> list[UserGroup]:
    """Thirds of the users by the length of their history, called ``3-17``. There are fewer if many
    histories are equally long."""
    edges = np.unique(np.quantile(lengths, [1 / 3, 2 / 3], method="lower"))
    third = np.searchsorted(edges, lengths)
    found = []
    for i in np.unique(third):
        inside = lengths[third == i]
        name = f"{inside.min()}-{inside.max()}" if inside.min() < inside.max() else f"{inside[0]}"
        found.append(_segment(name, ranks[third == i]))
    return found


def by_popularity(
    ranks: Ranks, targets: NDArray[np.int32], counts: NDArray[np.int64]
) -> list[UserGroup]:
    """Users by the popularity of their target.

    ``head`` holds the most popular items, with a third of the training interactions; ``middle`` the
    items with the next third; ``tail`` all others with training interactions; ``cold`` the items
    with none. Items with equally many interactions are in one group.

    Args:
        ranks: ``(U,)``.
        targets: ``(U,)`` item rows.
        counts: ``(N,)`` interactions of each item in training.
    """
    descending = np.sort(counts)[::-1]
    total = np.cumsum(descending)
    head, middle = descending[np.searchsorted(total, [total[-1] / 3, total[-1] * 2 / 3])]
    of = counts[targets]
    inside = {
        "head": of >= head,
        "middle": (of < head) & (of >= middle),
        "tail": (of < middle) & (of > 0),
        "cold": of == 0,
    }
    return [_segment(name, ranks[mask]) for name, mask in inside.items() if mask.any()]


def by_label(ranks: Ranks, values: Sequence[object]) -> list[UserGroup]:
    """Users by their label in a column, the most frequent label first.

    ``(others)`` holds the labels with fewer than 20 users or beyond the first 20; ``(missing)`` the
    users without a label.

    Args:
        ranks: ``(U,)``.
        values: the column's U values.
    """
    labels = [label(value) for value in values]
    ordered = Counter(sorted(text for text in labels if text is not None)).most_common(MOST)
    shown = [text for text, users in ordered if users >= SMALLEST]
    names = [MISSING if t is None else t if t in shown else OTHERS for t in labels]
    groups = np.array(names, dtype=object)
    return [
        _segment(name, ranks[groups == name])
        for name in (*shown, OTHERS, MISSING)
        if (groups == name).any()
    ]


def all_segments(
    ranks: Ranks,
    users: NDArray[np.int64],
    lengths: NDArray[np.int64],
    targets: NDArray[np.int32],
    counts: NDArray[np.int64],
    dataset: Dataset,
) -> dict[str, list[UserGroup]]:
    """The groups ``history``, ``target``, and ``users.COLUMN`` for each ``categorical`` column.

    Args:
        ranks: ``(U,)``.
        users: ``(U,)`` rows of the users' table.
        lengths: ``(U,)``: the lengths of their histories.
        targets: ``(U,)`` item rows.
        counts: ``(N,)`` interactions of each item in training.
        dataset: gives the users' labels.
    """
    labels = {
        f"users.{name}": by_label(ranks, dataset.users[name].iloc[users].tolist())
        for name, column in dataset.schema.users.items()
        if column.role == "categorical"
    }
    return {
        "history": by_history(ranks, lengths),
        "target": by_popularity(ranks, targets, counts),
        **labels,
    }


def _segment(name: str, ranks: Ranks) -> UserGroup:
    return UserGroup(name, len(ranks), summary(ranks))
