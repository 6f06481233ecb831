"""The protocol, against a second implementation that does one thing after the other."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, evaluate, train
from towhee_recsys.datasets import Schema, histories, last_two
from towhee_recsys.errors import RequestError, TrainingError
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import TrainingConfig
from towhee_recsys.training.evaluation import rank_users

ITEM_IDS = [f"t{i}" for i in range(30)]
"""Text, so that t10 comes before t9; nobody meets the last five."""
SCHEMA = Schema.model_validate({"users": {"age": "number"}, "items": {"kind": "categorical"}})
SMALL = ModelConfig(embedding_size=16, heads=2, hidden_size=16, max_history=5, blocks=1)

Row = tuple[str, str, int]


def _rows() -> list[Row]:
    """Thirty people with up to twelve interactions, times in disorder and often equal."""
    rng = np.random.default_rng(0)
    return [
        (f"u{user}", ITEM_IDS[item], int(rng.integers(5)))
        for user in range(30)
        for item in rng.permutation(25)[: rng.integers(0, 13)]
    ]


ROWS = _rows()


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    users = pd.DataFrame({"user_id": [f"u{u}" for u in range(30)], "age": range(20, 50)})
    items = pd.DataFrame({"item_id": ITEM_IDS, "kind": ["a", "b", "c"] * 10})
    met = pd.DataFrame(ROWS, columns=["user_id", "item_id", "timestamp"])
    return Dataset.from_frames(met, items, users, schema=SCHEMA)


@pytest.fixture(scope="module")
def bundle(dataset: Dataset) -> Bundle:
    return train(dataset, TrainingConfig(epochs=3), SMALL)


def _naive_histories() -> dict[str, list[str]]:
    """Oldest first, in the order of the file where times are equal; only users with three."""
    met: dict[str, list[tuple[int, int, str]]] = {}
    for place, (user, item, time) in enumerate(ROWS):
        met.setdefault(user, []).append((time, place, item))
    return {u: [item for *_, item in sorted(rows)] for u, rows in met.items() if len(rows) >= 3}


def _naive_figures(ranks: list[int]) -> dict[str, float]:
    gains = [1 / math.log2(rank + 1) if rank <= 10 else 0.0 for rank in ranks]
    return {
        "hr@10": sum(rank <= 10 for rank in ranks) / len(ranks),
        "ndcg@10": sum(gains) / len(ranks),
    }


def _naive_rank(scores: dict[str, float], target: str, seen: list[str]) -> int:
    left = [item for item in scores if item not in seen]
    return 1 + sorted(left, key=lambda item: (-scores[item], item)).index(target)


def _naive_evaluation(dataset: Dataset, bundle: Bundle, ranked: list[str]) -> dict[str, Any]:
    records = {r["user_id"]: r for r in dataset.user_records()}
    items = [r for r in dataset.item_records() if r["item_id"] in ranked]
    vectors = ItemEncoder(bundle).encode(items).astype(np.float64)
    encoder = UserEncoder(bundle)
    train_only = Counter[str]()
    for history in _naive_histories().values():
        train_only.update(history[:-2])
    for user, history in _few().items():
        assert user not in _naive_histories()
        train_only.update(history)
    ranks: dict[str, list[int]] = {"validation": [], "test": [], "popularity": []}
    for user, history in _naive_histories().items():
        for which, end in (("validation", -2), ("test", -1)):
            past, target = history[:end], history[end]
            vector = encoder.encode({"user": records[user], "history": past})[0]
            # Rounded, since adding in another order may untie what is equal.
            scores = {
                item["item_id"]: round(float(vector @ x), 4)
                for item, x in zip(items, vectors, strict=True)
            }
            ranks[which].append(_naive_rank(scores, target, past))
        counts = {item["item_id"]: float(train_only[item["item_id"]]) for item in items}
        ranks["popularity"].append(_naive_rank(counts, history[-1], history[:-1]))
    return {
        **{which: pytest.approx(_naive_figures(r)) for which, r in ranks.items()},
        "users": len(ranks["test"]),
        "items": len(ranked),
    }


def _few() -> dict[str, list[str]]:
    """Those with one or two interactions, all of which belong to training."""
    met: dict[str, list[str]] = {}
    for user, item, _ in ROWS:
        met.setdefault(user, []).append(item)
    return {user: items for user, items in met.items() if len(items) < 3}


def test_figures_equal_those_of_a_plain_loop(dataset: Dataset, bundle: Bundle) -> None:
    assert _few()
    assert len(_naive_histories()) < 30
    found = evaluate(bundle, dataset).as_dict()
    assert found == _naive_evaluation(dataset, bundle, ITEM_IDS)
    assert bundle.metadata.validation == pytest.approx(found["validation"])


def test_only_items_that_were_met_are_ranked_where_asked(dataset: Dataset, bundle: Bundle) -> None:
    rated = sorted({item for _, item, _ in ROWS})
    assert len(rated) == 25
    found = evaluate(bundle, dataset, items="rated").as_dict()
    assert found == _naive_evaluation(dataset, bundle, rated)


def test_equal_scores_are_ordered_by_id_and_nothing_seen_is_ranked(dataset: Dataset) -> None:
    ids = dataset.items["item_id"].to_numpy()
    users = dataset.users["user_id"].tolist()
    asked: dict[str, list[str]] = {}

    def score(rows: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        for row, past in zip(rows, pasts, strict=True):
            asked[users[row]] = [ids[i] for i in past]
        return np.tile(np.arange(len(ids), dtype=np.float32) % 2, (len(rows), 1))

    for which, end in (("validation", -2), ("test", -1)):
        ranks = rank_users(score, last_two(histories(dataset)), which, np.arange(len(ids)), ids)
        constant = {item: float(i % 2) for i, item in enumerate(ids)}
        expected = [
            _naive_rank(constant, _naive_histories()[user][end], _naive_histories()[user][:end])
            for user in users
            if user in _naive_histories()
        ]
        assert ranks.tolist() == expected
        assert asked == {user: h[:end] for user, h in _naive_histories().items()}


def test_progress_counts_every_user_twice(dataset: Dataset, bundle: Bundle) -> None:
    done: list[int] = []
    evaluate(bundle, dataset, advance=done.append)
    assert sum(done) == 2 * len(_naive_histories())


def test_a_model_that_saw_the_answers_is_refused(dataset: Dataset) -> None:
    bundle = train(dataset, TrainingConfig(epochs=1, holdout="none"), SMALL)
    with pytest.raises(TrainingError, match="--holdout none"):
        evaluate(bundle, dataset)


def test_data_frames_must_be_passed(bundle: Bundle) -> None:
    with pytest.raises(TrainingError, match="data frames; pass the data set"):
        evaluate(bundle)


def test_nobody_to_ask_is_said(bundle: Bundle) -> None:
    met = pd.DataFrame({"user_id": [1, 1, 2], "item_id": ["t1", "t2", "t1"]})
    few = Dataset.from_frames(met, pd.DataFrame({"item_id": ["t1", "t2"]}), name="few")
    with pytest.raises(TrainingError, match="nobody in few has three interactions"):
        evaluate(bundle, few)


def test_data_with_ids_of_another_kind_is_refused(bundle: Bundle, cycle_dataset: Dataset) -> None:
    with pytest.raises(RequestError, match="is an integer, but this model's item ids are text"):
        evaluate(bundle, cycle_dataset)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rows = pd.DataFrame(ROWS, columns=["user_id", "item_id", "timestamp"])
    rows.to_csv(tmp_path / "met.csv", index=False)
    pd.DataFrame({"item_id": ITEM_IDS}).to_csv(tmp_path / "items.csv", index=False)
    schema = tmp_path / "data.yaml"
    schema.write_text("interactions: {path: met.csv}\nitems: {path: items.csv}\n")
    return schema


def test_recorded_data_is_read_again_unless_it_changed(tables: Path) -> None:
    dataset = Dataset.load(tables)
    bundle = train(dataset, TrainingConfig(epochs=1), SMALL)
    assert evaluate(bundle).as_dict() == evaluate(bundle, dataset).as_dict()
    met = tables.with_name("met.csv")
    met.write_text(met.read_text() + "u1,t29,9\n")
    with pytest.raises(TrainingError, match="changed since the model was trained on it"):
        evaluate(bundle)
    met.unlink()
    with pytest.raises(TrainingError, match="cannot be read again") as caught:
        evaluate(bundle)
    assert "met.csv" in str(caught.value)


def test_a_bundle_may_be_named_by_its_folder(
    bundle: Bundle, dataset: Dataset, tmp_path: Path
) -> None:
    bundle.save(tmp_path / "bundle")
    assert evaluate(tmp_path / "bundle", dataset) == evaluate(bundle, dataset)


def test_a_model_without_numbers_scores_nothing(bundle: Bundle, dataset: Dataset) -> None:
    broken = {name: np.full_like(w, np.nan) for name, w in bundle.weights.items()}
    found = evaluate(dataclasses.replace(bundle, weights=broken), dataset)
    assert found.test == {"hr@10": 0.0, "ndcg@10": 0.0}
