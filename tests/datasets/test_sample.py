"""The invented cinema is the same for the same seed, and worth learning from."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys.datasets import Dataset, Split, last_two, sample


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return sample()


def test_size(dataset: Dataset) -> None:
    assert (len(dataset.users), len(dataset.items)) == (400, 300)
    assert 15_000 < len(dataset.interactions) < 30_000
    assert dataset.histories.lengths.min() >= 10
    assert not dataset.interactions.duplicated(["user_id", "item_id"]).any()
    assert dataset.items["title"].is_unique
    assert dataset.items["genres"].map(len).between(1, 3).all()


def test_timestamps_are_plausible(dataset: Dataset) -> None:
    times = dataset.interactions["timestamp"]
    assert times.is_monotonic_increasing
    assert times.min() >= 1_672_531_200  # 2023
    assert times.max() < 1_767_225_600  # 2026
    assert (dataset.items["year"] <= 2022).all()
    gaps = dataset.interactions.groupby("user_id")["timestamp"].diff().dropna()
    assert (gaps > 0).all()


def test_seed_decides(dataset: Dataset) -> None:
    again = Dataset.load("sample")
    assert again.source == dataset.source
    assert again.interactions.equals(dataset.interactions)
    assert again.item_records() == dataset.item_records()
    other = Dataset.load("sample:1")
    assert other.source is not None
    assert other.source.location == "sample:1"
    assert other.source != dataset.source
    assert not other.interactions.equals(dataset.interactions)


def test_history_beats_popularity_and_popularity_beats_chance(dataset: Dataset) -> None:
    split = last_two(dataset.histories)
    items = len(dataset.items)
    popular = np.bincount(split.train.items, minlength=items).astype(float)
    seen = np.zeros((len(dataset.users), items))
    seen[np.repeat(np.arange(len(seen)), split.train.lengths), split.train.items] = 1.0
    together = seen.T @ seen
    np.fill_diagonal(together, 0.0)
    near = together / np.sqrt(np.outer(popular + 5, popular + 5))
    recent = np.zeros_like(seen)
    for row in range(len(seen)):
        history = split.train.of(row)
        recent[row, history] = 0.9 ** np.arange(len(history))[::-1]
    chance = 10 / items
    by_popularity = _hit_rate(np.tile(popular, (len(seen), 1)), seen, split)
    by_history = _hit_rate(recent @ near, seen, split)
    assert by_popularity > 2 * chance
    assert by_history > 1.4 * by_popularity


def _hit_rate(scores: np.ndarray, seen: np.ndarray, split: Split) -> float:
    scores = np.where(seen > 0, -np.inf, scores)
    best = np.argsort(-scores, axis=1)[:, :10]
    return float((best == split.validation[:, None]).any(axis=1).mean())
