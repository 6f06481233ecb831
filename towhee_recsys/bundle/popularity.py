"""Rank items by popularity, among all users and among users with the same labels."""

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
"""Most popular items that are kept for each label, at most."""
MOST_LABELS = 500
"""Labels that are kept for each column, at most: the most common ones. With `MOST_ITEMS`, a column
takes 4 MB at most."""
FEWEST_USERS = 20
"""Users that a label needs to be kept. The taste of fewer users says little."""

Among: TypeAlias = "dict[str, str | list[str]]"
"""A group of users: for each column, the label or (in a column of several labels) the labels that
they share."""


@dataclass(frozen=True, eq=False)
class Segment:
    """The items that are popular among the users with one label."""

    interactions: int
    """The number of all interactions of these users."""
    items: NDArray[np.int32]
    """``(K,)`` item rows, most popular first. Equally popular items are in the order of their
    rows."""
    counts: NDArray[np.int32]
    """``(K,)``: the number of each item's interactions with these users, at least 1."""


Segments: TypeAlias = "dict[str, dict[str, Segment]]"
"""Segments by column of the users' table, then by label."""


def find_segments(
    past: Histories, items: int, features: TableFeatures, arrays: Mapping[str, NDArray[Any]]
) -> Segments:
    """Find the segments of U users: which items are popular among the users with each label.

    Args:
        past: the users' histories.
        items: N, the number of items.
        features: the features of the users' table. Columns of one or several labels are used.
        arrays: the users' feature values by name, U rows each.
    """
    users = len(past.lengths)
    ones = np.ones(len(past.items), np.int32)
    interacted = csr_array((ones, past.items, past.offsets), shape=(users, items))
    columns = {}
    for name, vocabulary in _vocabularies(features).items():
        codes = np.where(past.lengths[:, None] > 0, arrays[name].reshape(users, -1), 0)
        rows, places = np.nonzero(codes >= FIRST)
        where = codes[rows, places] - FIRST, rows
        labelled = csr_array((np.ones(len(rows), np.int32), where), (len(vocabulary.values), users))
        labelled.data[:] = 1  # a record may name a label twice
        columns[name] = {
            str(vocabulary.values[row]): _segment(labelled[[row]] @ interacted)
            for row in _largest(labelled)
        }
    return {name: labels for name, labels in columns.items() if labels}


def segment_arrays(segments: Segments, features: TableFeatures) -> dict[str, NDArray[Any]]:
    """Convert segments to arrays. A column with S labels gives:

    - ``labels.COLUMN``: ``(S,)`` codes of the labels
    - ``interactions.COLUMN``: ``(S,)`` numbers of interactions
    - ``items.COLUMN``, ``counts.COLUMN``: the items and counts of all labels, one label after
      another
    - ``offsets.COLUMN``: ``(S + 1,)``; the items of label s are ``items[offsets[s]:offsets[s +
      1]]``
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name, labels in segments.items():
        parts = list(labels.values())
        arrays |= {
            f"labels.{name}": _vocabularies(features)[name].codes(labels),
            f"interactions.{name}": np.array([part.interactions for part in parts], np.int64),
            f"offsets.{name}": np.cumsum([0, *(len(p.items) for p in parts)], dtype=np.int64),
            f"items.{name}": np.concatenate([part.items for part in parts]),
            f"counts.{name}": np.concatenate([part.counts for part in parts]),
        }
    return arrays


def read_segments(arrays: Mapping[str, NDArray[Any]], features: TableFeatures) -> Segments:
    """Convert the arrays of `segment_arrays` to segments.

    Raises:
        LookupError, ValueError: an array is missing, or does not match the others or the features.
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
    """All items of a model, ordered by popularity."""

    def __init__(
        self,
        counts: NDArray[np.int64],
        ids: Sequence[Any],
        segments: Segments,
        features: TableFeatures,
    ) -> None:
        """
        Args:
            counts: ``(N,)`` numbers of interactions.
            ids: the N items' ids.
            segments: popular items by label of users.
            features: the features of the users' table.
        """
        self._counts, self._ids = counts, ids
        self._segments, self._features = segments, features

    def among(self, record: Mapping[str, Any]) -> Among:
        """The labels of a user's record that have a segment; empty if none has."""
        among: Among = {}
        for name, known in self._segments.items():
            value = record.get(name)
            if isinstance(self._features.features[name], LabelsFeature):
                labels = [one for one in dict.fromkeys(LabelsFeature.split(value)) if one in known]
                if labels:
                    among[name] = labels
            elif (one := label(value)) in known:
                among[name] = str(one)
        return among

    def hits(self, among: Among | None = None) -> Iterator[Hit]:
        """All items, most popular first. Equal scores are ordered by popularity among all users,
        then by id.

        Without `among`, the score is the item's share of all interactions. With it, the score is
        the mean of the item's shares among the users with each label, so all labels count the same.
        Items that are not among the `MOST_ITEMS` of any label come last, with the score 0.
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
        """``(N,)`` rows, most popular among all users first. Equal counts are ordered by id."""
        counts = self._counts.tolist()
        return np.array(sorted(range(len(counts)), key=lambda row: (-counts[row], self._ids[row])))

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """``(N,)``: the place of each row in `_order`."""
        return np.argsort(self._order)

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """``(N,)`` shares of all interactions, in the order of `_order`."""
        return np.asarray(self._counts[self._order] / max(1, self._counts.sum()))


def _vocabularies(features: TableFeatures) -> dict[str, Vocabulary]:
    """The vocabularies of the columns of one or several labels."""
    return {
        name: feature.vocabulary
        for name, feature in features.features.items()
        if isinstance(feature, (LabelFeature, LabelsFeature))
    }


def _largest(labelled: csr_array) -> list[int]:
    """The rows of the most common labels, most common first."""
    users = np.diff(labelled.indptr)
    order = np.argsort(-users, kind="stable")[:MOST_LABELS]
    return [int(row) for row in order if users[row] >= FEWEST_USERS]


def _segment(interactions: csr_array) -> Segment:
    """The segment with these ``(1, N)`` numbers of interactions."""
    items, counts = interactions.indices, interactions.data
    if len(counts) > MOST_ITEMS:
        kept = counts >= np.partition(counts, -MOST_ITEMS)[-MOST_ITEMS]
        items, counts = items[kept], counts[kept]
    order = np.lexsort((items, -counts))[:MOST_ITEMS]
    return Segment(
        int(interactions.data.sum()), items[order].astype("i4"), counts[order].astype("i4")
    )
