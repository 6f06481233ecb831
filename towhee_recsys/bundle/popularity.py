"""Who met what, and the users' labels → what is popular: among all, and among users like one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from towhee_recsys.datasets import Histories
from towhee_recsys.features import FIRST, TableFeatures, Vocabulary
from towhee_recsys.features.columns import LabelFeature, LabelsFeature
from towhee_recsys.text import label
from towhee_recsys.types import Hit

MOST_ITEMS = 1_000
"""Items kept for a label, its most popular."""
MOST_LABELS = 500
"""Labels kept of a column, those that most users bear: with `MOST_ITEMS`, 4 MB a column at most."""
FEWEST_USERS = 20
"""Users who must bear a label, for what they met to be more than a few people's taste."""

Among: TypeAlias = "dict[str, str | list[str]]"
"""Which users: by column the label that they bear or, in a column of several, the labels."""


@dataclass(frozen=True, eq=False)
class Segment:
    """What is popular among the users who bear one label."""

    interactions: int
    """All that these users have."""
    items: NDArray[np.int32]
    """``(K,)`` item rows, the most popular first, equally popular ones by row."""
    counts: NDArray[np.int32]
    """``(K,)``: how many of the interactions each item has, at least 1."""


Segments: TypeAlias = "dict[str, dict[str, Segment]]"
"""By column of the users' table, and by label."""


def find_segments(
    past: Histories, items: int, features: TableFeatures, arrays: Mapping[str, NDArray[Any]]
) -> Segments:
    """The segments of U users, with what they met.

    Args:
        past: their histories.
        items: how many items there are, N.
        features: of the users' table; columns of one label or several are read.
        arrays: the users' features, U rows each.
    """
    users = len(past.lengths)
    ones = np.ones(len(past.items), np.int32)
    met = csr_array((ones, past.items, past.offsets), shape=(users, items))
    columns = {}
    for name, vocabulary in _vocabularies(features).items():
        codes = np.where(past.lengths[:, None] > 0, arrays[name].reshape(users, -1), 0)
        rows, places = np.nonzero(codes >= FIRST)
        where = codes[rows, places] - FIRST, rows
        bears = csr_array((np.ones(len(rows), np.int32), where), (len(vocabulary.values), users))
        bears.data[:] = 1  # also where a record names a label twice
        columns[name] = {
            str(vocabulary.values[row]): _segment(bears[[row]] @ met) for row in _largest(bears)
        }
    return {name: labels for name, labels in columns.items() if labels}


def segment_arrays(segments: Segments, features: TableFeatures) -> dict[str, NDArray[Any]]:
    """Segments as arrays. Of a column with S labels: their codes, ``labels.COLUMN``, and
    ``interactions.COLUMN``, both ``(S,)``; ``items.COLUMN`` and ``counts.COLUMN`` of one label
    after another, and where each label's begin and end in them, ``offsets.COLUMN`` ``(S + 1,)``."""
    found: dict[str, NDArray[Any]] = {}
    for name, labels in segments.items():
        those = list(labels.values())
        found |= {
            f"labels.{name}": _vocabularies(features)[name].codes(labels),
            f"interactions.{name}": np.array([one.interactions for one in those], np.int64),
            f"offsets.{name}": np.cumsum([0, *(len(one.items) for one in those)], dtype=np.int64),
            f"items.{name}": np.concatenate([one.items for one in those]),
            f"counts.{name}": np.concatenate([one.counts for one in those]),
        }
    return found


def read_segments(arrays: Mapping[str, NDArray[Any]], features: TableFeatures) -> Segments:
    """What `segment_arrays` made.

    Raises:
        LookupError, ValueError: an array is missing, or does not fit the others or the features.
    """
    segments: Segments = {}
    for name, vocabulary in _vocabularies(features).items():
        if f"labels.{name}" not in arrays:
            continue
        ends = arrays[f"offsets.{name}"][1:-1]
        parts = zip(
            arrays[f"labels.{name}"],
            arrays[f"interactions.{name}"],
            np.split(arrays[f"items.{name}"], ends),
            np.split(arrays[f"counts.{name}"], ends),
            strict=True,
        )
        segments[name] = {
            str(vocabulary.values[code - FIRST]): Segment(int(interactions), items, counts)
            for code, interactions, items, counts in parts
        }
    return segments


class Popular:
    """All items of a model in the order in which most people like them."""

    def __init__(
        self,
        counts: NDArray[np.int64],
        ids: Sequence[Any],
        segments: Segments,
        features: TableFeatures,
    ) -> None:
        """
        Args:
            counts: ``(N,)`` interactions of each item.
            ids: the N items' ids.
            segments: what is popular among whom.
            features: of the users' table.
        """
        self._counts, self._ids = counts, ids
        self._segments, self._features = segments, features

    def among(self, record: Mapping[str, Any]) -> Among:
        """The segment of a user with this record: those of its labels that segments are known of,
        which may be none."""
        found: Among = {}
        for name, known in self._segments.items():
            value = record.get(name)
            if isinstance(self._features.features[name], LabelsFeature):
                labels = [one for one in dict.fromkeys(LabelsFeature.split(value)) if one in known]
                if labels:
                    found[name] = labels
            elif (one := label(value)) in known:
                found[name] = str(one)
        return found

    def hits(self, among: Among | None = None) -> Iterator[Hit]:
        """All items, the most popular first, at equal scores by popularity among all, then by id.

        Among all, the score is the item's share of all interactions. Among the users of some
        labels it is the mean, over the labels, of the item's share of the interactions that the
        label's users have: each label counts the same, however many bear it. Items that are not
        among the `MOST_ITEMS` of any of them come after all others, with the score 0.
        """
        rows, shares = self._listed(among) if among else (self._order, self._shares)
        for row, share in zip(rows, shares, strict=True):
            yield {"item_id": self._ids[row], "score": float(share)}
        if among:
            listed = set(rows.tolist())
            for row in self._order.tolist():
                if row not in listed:
                    yield {"item_id": self._ids[row], "score": 0.0}

    def _listed(self, among: Among) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        segments = [
            self._segments[name][one]
            for name, labels in among.items()
            for one in ([labels] if isinstance(labels, str) else labels)
        ]
        items = np.concatenate([one.items for one in segments])
        rows, place = np.unique(items, return_inverse=True)
        shares = np.concatenate([one.counts / one.interactions for one in segments])
        means = np.bincount(place, shares) / len(segments)
        order = np.lexsort((self._places[rows], -means))
        return rows[order], means[order]

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        """``(N,)`` rows, the most popular among all first, at equal counts by id."""
        counts = self._counts.tolist()
        return np.array(sorted(range(len(counts)), key=lambda row: (-counts[row], self._ids[row])))

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """``(N,)``: where each row stands in that order."""
        return np.argsort(self._order)

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """``(N,)`` shares of all interactions, in that order."""
        return np.asarray(self._counts[self._order] / max(1, self._counts.sum()))


def _vocabularies(features: TableFeatures) -> dict[str, Vocabulary]:
    """Of the columns of one label or several."""
    return {
        name: feature.vocabulary
        for name, feature in features.features.items()
        if isinstance(feature, (LabelFeature, LabelsFeature))
    }


def _largest(bears: csr_array) -> list[int]:
    """Rows of the labels that most users bear, at equal numbers in their order."""
    users = np.diff(bears.indptr)
    order = np.argsort(-users, kind="stable")[:MOST_LABELS]
    return [int(row) for row in order if users[row] >= FEWEST_USERS]


def _segment(met: csr_array) -> Segment:
    """``(1, N)`` numbers of interactions → a segment with the most popular items."""
    items, counts = met.indices, met.data
    if len(counts) > MOST_ITEMS:
        kept = counts >= np.partition(counts, -MOST_ITEMS)[-MOST_ITEMS]
        items, counts = items[kept], counts[kept]
    order = np.lexsort((items, -counts))[:MOST_ITEMS]
    return Segment(int(met.data.sum()), items[order].astype("i4"), counts[order].astype("i4"))
