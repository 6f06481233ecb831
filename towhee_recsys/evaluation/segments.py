"""Ranks of all users → the figures of groups of them: for whom a model is good."""

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
"""Users in a group of its own; people of rarer labels are shown together."""
MOST = 20
"""Labels of a column that are shown, the most frequent."""
MISSING, OTHERS = "(missing)", "(others)"


@dataclass(frozen=True)
class Segment:
    """A group of users, and how well their next items were found."""

    group: str
    users: int
    metrics: dict[str, float]
    """``hr@10`` and ``ndcg@10``."""

    def as_dict(self) -> dict[str, object]:
        return {"group": self.group, "users": self.users, **self.metrics}


def by_history(ranks: Ranks, lengths: NDArray[np.int64]) -> list[Segment]:
    """Thirds of the users by how many items they had met, called ``3-17``; fewer where many have
    met equally many."""
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
) -> list[Segment]:
    """``head``, ``middle``, ``tail``: the most popular items that make up a third of the training
    interactions, those that make up the next third, and all others that anybody met there;
    ``cold``: those that nobody had met. Items met equally often belong together.

    Args:
        ranks: ``(U,)``.
        targets: ``(U,)`` item rows that were asked for.
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


def by_label(ranks: Ranks, values: Sequence[object]) -> list[Segment]:
    """A column's labels, the most frequent first; then ``(others)``, whose labels are too rare to
    say anything alone, and ``(missing)``.

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
) -> dict[str, list[Segment]]:
    """``history``, ``target``, and ``users.COLUMN`` for each column of one label a user.

    Args:
        ranks: ``(U,)``.
        users: ``(U,)`` rows of the users' table.
        lengths: ``(U,)``: how many items each had met.
        targets: ``(U,)`` item rows that were asked for.
        counts: ``(N,)`` interactions of each item in training.
        dataset: whose schema says which columns are labels.
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


def _segment(name: str, ranks: Ranks) -> Segment:
    return Segment(name, len(ranks), summary(ranks))
