"""The protocol equals a second, plain implementation."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from rich.console import Console

from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, evaluate, train
from towhee_recsys.bundle.comparison import FEW, verdict
from towhee_recsys.datasets import Schema, last_two
from towhee_recsys.datasets.splits import SplitName
from towhee_recsys.errors import ConfigError, RequestError, TrainingError
from towhee_recsys.evaluation.baselines import Grid
from towhee_recsys.evaluation.ranking import answer_users, rank_users
from towhee_recsys.model import ModelConfig
from towhee_recsys.progress import evaluation_bar
from towhee_recsys.training import TrainingConfig

ITEM_IDS = [f"t{i}" for i in range(30)]
"""Text, so that t10 comes before t9; nobody meets the last five."""
SCHEMA = Schema.model_validate({"users": {"age": "number"}, "items": {"kind": "categorical"}})
SMALL = ModelConfig(embedding_size=16, heads=2, hidden_size=16, max_history=5, blocks=1)

WHICH = ("validation", "test")
USERS = 45

Row = tuple[str, str, int]


def _rows() -> list[Row]:
    """Users with up to twelve interactions, times in disorder and often equal."""
    rng = np.random.default_rng(0)
    return [
        (f"u{user}", ITEM_IDS[item], int(rng.integers(5)))
        for user in range(USERS)
        for item in rng.permutation(25)[: rng.integers(0, 13)]
    ]


ROWS = _rows()


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    users = pd.DataFrame({"user_id": [f"u{u}" for u in range(USERS)], "age": range(20, 20 + USERS)})
    items = pd.DataFrame({"item_id": ITEM_IDS, "kind": ["a", "b", "c"] * 10})
    plays = pd.DataFrame(ROWS, columns=["user_id", "item_id", "timestamp"])
    read = Dataset.from_frames(plays, items, users, schema=SCHEMA)
    return dataclasses.replace(read, file_order=True)


@pytest.fixture(scope="module")
def bundle(dataset: Dataset) -> Bundle:
    return train(dataset, TrainingConfig(epochs=3), SMALL)


def _naive_histories() -> dict[str, list[str]]:
    """Oldest first, in the order of the file where times are equal; only users with three."""
    plays: dict[str, list[tuple[int, int, str]]] = {}
    for place, (user, item, time) in enumerate(ROWS):
        plays.setdefault(user, []).append((time, place, item))
    return {u: [item for *_, item in sorted(rows)] for u, rows in plays.items() if len(rows) >= 3}


def _naive_figures(ranks: list[int]) -> dict[str, float]:
    figures = {"mrr": sum(1 / rank for rank in ranks) / len(ranks)}
    for k in (1, 5, 10, 20, 50, 100):
        gains = [1 / math.log2(rank + 1) if rank <= k else 0.0 for rank in ranks]
        figures[f"hr@{k}"] = sum(rank <= k for rank in ranks) / len(ranks)
        figures[f"ndcg@{k}"] = sum(gains) / len(ranks)
    return figures


def _naive_ranking(scores: dict[str, float], target: str, seen: list[str]) -> list[str]:
    left = [item for item in scores if item == target or item not in seen]
    return sorted(left, key=lambda item: (-scores[item], item))


def _naive_rank(scores: dict[str, float], target: str, seen: list[str]) -> int:
    return 1 + _naive_ranking(scores, target, seen).index(target)


class _NaiveTest:
    """Ranks and lists of the test, as they come."""

    def __init__(self, counts: Counter[str], kinds: dict[str, str], users: int) -> None:
        self.counts, self.kinds, self.users = counts, kinds, users
        self.ranks: list[int] = []
        self.lists: list[list[str]] = []
        self.before: list[float] = []

    def add(self, scores: dict[str, float], target: str, seen: list[str]) -> None:
        ranking = _naive_ranking(scores, target, seen)
        self.ranks.append(1 + ranking.index(target))
        self.lists.append(ranking[:10])
        self.before.append(sum(self.counts[item] for item in seen) / len(seen))

    def figures(self, items: int) -> dict[str, float]:
        shown = [item for one in self.lists for item in one]
        bits = [-math.log2(max(1, self.counts[item]) / self.users) for item in shown]
        means = [sum(self.counts[item] for item in one) / len(one) for one in self.lists]
        differ = [
            self.kinds[a] != self.kinds[b] for one in self.lists for a, b in combinations(one, 2)
        ]
        return {
            **_naive_figures(self.ranks),
            "coverage@10": len(set(shown)) / items,
            "novelty@10": sum(bits) / len(bits),
            "popularity_lift@10": sum(means) / sum(self.before) - 1,
            "diversity@10": sum(differ) / len(differ),
        }


def _naive_evaluation(
    dataset: Dataset, bundle: Bundle, ranked: list[str]
) -> dict[str, dict[str, float]]:
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
    kinds = {r["item_id"]: r["kind"] for r in items}
    told = train_only, kinds, len(_naive_histories()) + len(_few())
    validation, test, popular = list[int](), _NaiveTest(*told), _NaiveTest(*told)
    for user, history in _naive_histories().items():
        for which, end in (("validation", -2), ("test", -1)):
            past, target = history[:end], history[end]
            vector = encoder.encode({"user": records[user], "history": past})[0]
            # Rounded, since adding in another order may untie what is equal.
            scores = {
                item["item_id"]: round(float(vector @ x), 5)
                for item, x in zip(items, vectors, strict=True)
            }
            if which == "validation":
                validation.append(_naive_rank(scores, target, past))
            else:
                test.add(scores, target, past)
        counts = {item["item_id"]: float(train_only[item["item_id"]]) for item in items}
        popular.add(counts, history[-1], history[:-1])
    return {
        "validation": _naive_figures(validation),
        "test": test.figures(len(ranked)),
        "popularity": popular.figures(len(ranked)),
    }


def _few() -> dict[str, list[str]]:
    """Those with one or two interactions, all of which belong to training."""
    plays: dict[str, list[str]] = {}
    for user, item, _ in ROWS:
        plays.setdefault(user, []).append(item)
    return {user: items for user, items in plays.items() if len(items) < 3}


@pytest.mark.parametrize("items", ["all", "rated"])
def test_metrics_equal_a_plain_loop(
    dataset: Dataset, bundle: Bundle, items: Literal["all", "rated"]
) -> None:
    assert _few()
    assert FEW <= len(_naive_histories()) < USERS
    rated = sorted({item for _, item, _ in ROWS})
    assert len(rated) == 25
    ranked = rated if items == "rated" else ITEM_IDS
    found = evaluate(bundle, dataset, items=items)
    expected = _naive_evaluation(dataset, bundle, ranked)
    assert found.validation == pytest.approx(expected["validation"])
    assert found.test == pytest.approx(expected["test"])
    assert found.popularity == pytest.approx(expected["popularity"])
    assert (found.users, found.items) == (len(_naive_histories()), len(ranked))
    if items == "all":
        reported = bundle.metadata.validation
        assert {name: found.validation[name] for name in reported} == pytest.approx(reported)


def test_baselines_are_compared_with_the_model(dataset: Dataset, bundle: Bundle) -> None:
    found = evaluate(bundle, dataset, baselines=["ease", "popularity"])
    assert list(found.baselines) == ["popularity", "ease", "decayed-ease"]
    for other in found.baselines.values():
        assert other.gain == pytest.approx(found.test["ndcg@10"] - other.test["ndcg@10"])
        assert other.gain_interval is not None
        assert other.gain_interval[0] < other.gain < other.gain_interval[1]
        assert other.validation.keys() == found.validation.keys()
        assert other.test.keys() == found.test.keys()
    assert found.baselines["ease"].settings.keys() == {"l2"}
    alone = evaluate(bundle, dataset)
    assert list(alone.baselines) == ["popularity", "decayed-ease"]
    assert alone.baselines["popularity"] == found.baselines["popularity"]
    for name, (low, high) in found.intervals.items():
        assert low < found.test[name] < high


def test_the_best_baseline_is_named(dataset: Dataset, bundle: Bundle) -> None:
    found = evaluate(bundle, dataset, baselines=["ease"])
    best = found.baselines[found.comparison.baseline]
    assert best.test["ndcg@10"] == max(one.test["ndcg@10"] for one in found.baselines.values())
    assert found.comparison.gain_interval == best.gain_interval
    assert found.comparison.measured == list(found.baselines)


GROUPS, SIZE = 20, 6


def grouped(users: int) -> Dataset:
    """Each user has five of the six items of a group, in any order: EASE finds the sixth."""
    rng = np.random.default_rng(0)
    rows = [
        (user, SIZE * (user % GROUPS) + int(item), time)
        for user in range(users)
        for time, item in enumerate(rng.permutation(SIZE)[:5])
    ]
    plays = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return Dataset.from_frames(plays, pd.DataFrame({"item_id": range(GROUPS * SIZE)}))


def test_an_undertrained_model_is_behind_ease() -> None:
    data = grouped(users=120)
    found = evaluate(train(data, TrainingConfig(epochs=0.1, min_steps=1), SMALL), data)
    assert found.comparison.baseline == "decayed-ease"
    assert found.comparison.metrics["hr@10"] > 0.9
    assert found.comparison.gain_interval is not None
    assert found.comparison.gain_interval[1] < 0
    said = verdict(found.users, found.comparison)
    assert said.startswith("The baseline EASE with decay is better here:")


def test_four_users_are_too_few() -> None:
    data = grouped(users=4)
    found = evaluate(train(data, TrainingConfig(epochs=0.1, min_steps=1), SMALL), data)
    assert found.users == 4
    assert found.intervals == {}
    for other in found.baselines.values():
        assert other.intervals == {}
        assert other.gain_interval is None
    assert found.comparison.gain_interval is None
    assert verdict(4, found.comparison).startswith("4 users are too few to measure")


def test_without_an_order_the_baseline_is_plain_ease(dataset: Dataset) -> None:
    plays = dataset.interactions[["user_id", "item_id"]]
    drawn = Dataset.from_frames(plays, dataset.items, dataset.users, schema=SCHEMA)
    bundle = train(drawn, TrainingConfig(epochs=0.1, min_steps=1), SMALL)
    found = evaluate(bundle, drawn, baselines=["decayed-ease"])
    assert list(found.baselines) == ["popularity", "decayed-ease", "ease"]
    assert found.baselines["decayed-ease"].settings["decay"] == 1
    assert found.baselines["decayed-ease"].test == found.baselines["ease"].test


def test_a_large_catalogue_is_compared_with_item_knn() -> None:
    small = grouped(users=120)
    data = Dataset.from_frames(small.interactions, pd.DataFrame({"item_id": range(10_001)}))
    tiny = SMALL.model_copy(update={"embedding_size": 4, "hidden_size": 4})
    found = evaluate(train(data, TrainingConfig(epochs=0.1, min_steps=1), tiny), data)
    assert list(found.baselines) == ["popularity", "item-knn"]
    assert found.comparison.baseline == "item-knn"
    assert found.comparison.metrics["hr@10"] > 0.9
    assert "item-kNN is better here" in verdict(found.users, found.comparison)


def test_what_is_left_out_is_told(dataset: Dataset, bundle: Bundle) -> None:
    found = evaluate(bundle, dataset, left_out={"decayed-ease": 95.0})
    assert list(found.baselines) == ["popularity"]
    assert found.comparison.left_out == found.left_out == {"decayed-ease": 95.0}
    assert "EASE with decay (up to 1 min 35 s)" in verdict(found.users, found.comparison)


def test_groups_hold_the_evaluated_users(dataset: Dataset, bundle: Bundle) -> None:
    columns = {"users": {"age": "categorical"}, "items": {"kind": "categorical"}}
    same = dataclasses.replace(dataset, schema=Schema.model_validate(columns))
    found = evaluate(bundle, same)
    assert found.segments.keys() == {"history", "target", "users.age"}
    for groups in found.segments.values():
        assert sum(one.users for one in groups) == found.users
        total = sum(one.users * one.metrics["ndcg@10"] for one in groups)
        assert total == pytest.approx(found.users * found.test["ndcg@10"])
    lengths = [len(history) - 1 for history in _naive_histories().values()]
    shown = found.segments["history"]
    assert shown[0].group.startswith(f"{min(lengths)}-")
    assert shown[-1].group.endswith(f"-{max(lengths)}")


def test_evaluation_is_json(dataset: Dataset, bundle: Bundle) -> None:
    found = evaluate(bundle, dataset, baselines=["ease"])
    read = json.loads(json.dumps(found.as_dict()))
    assert read.keys() == {
        "validation", "test", "intervals", "segments", "baselines", "calibration", "users", "items",
        "left_out", "comparison", "order", "holdout",
    }  # fmt: skip
    assert read["comparison"] == found.comparison.model_dump(mode="json")
    assert read["calibration"].keys() == {"predicted", "observed", "error"}
    assert read["test"]["hr@10"] == found.test["hr@10"]
    assert read["intervals"]["ndcg@10"] == list(found.intervals["ndcg@10"])
    first = found.segments["history"][0]
    assert read["segments"]["history"][0] == {
        "group": first.group,
        "users": first.users,
        **first.metrics,
    }
    assert read["baselines"]["ease"]["settings"] == found.baselines["ease"].settings


def test_target_is_in_the_list_at_its_rank(dataset: Dataset) -> None:
    rng = np.random.default_rng(0)
    ids = dataset.items["item_id"].to_numpy()
    split = last_two(dataset.histories)
    noise = rng.integers(0, 4, (len(dataset.users), len(ids))).astype(np.float32)
    ranked = np.setdiff1d(np.arange(len(ids)), [3, 4])
    found = answer_users(lambda users, _: noise[users], split, "test", ranked, ids, length=28)
    assert len(found.users) > 10
    for user, rank, shown in zip(found.users, found.ranks, found.lists, strict=True):
        assert shown[rank - 1] == split.test[user]
        seen = {*split.train.of(user), split.validation[user]}
        left = [i for i in ranked if i not in seen]
        expected = sorted(left, key=lambda i: (-noise[user, i], ids[i]))
        assert shown.tolist() == expected + [-1] * (28 - len(expected))


def test_equal_scores_are_ordered_by_id_without_seen_items(dataset: Dataset) -> None:
    ids = dataset.items["item_id"].to_numpy()
    users = dataset.users["user_id"].tolist()
    evaluated: dict[str, list[str]] = {}

    def score(rows: NDArray[np.int64], pasts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        for row, past in zip(rows, pasts, strict=True):
            evaluated[users[row]] = [ids[i] for i in past]
        return np.tile(np.arange(len(ids), dtype=np.float32) % 2, (len(rows), 1))

    splits: list[tuple[SplitName, int]] = [("validation", -2), ("test", -1)]
    for which, end in splits:
        ranks = rank_users(score, last_two(dataset.histories), which, np.arange(len(ids)), ids)
        constant = {item: float(i % 2) for i, item in enumerate(ids)}
        expected = [
            _naive_rank(constant, _naive_histories()[user][end], _naive_histories()[user][:end])
            for user in users
            if user in _naive_histories()
        ]
        assert ranks.tolist() == expected
        assert evaluated == {user: h[:end] for user, h in _naive_histories().items()}


def test_progress_counts_every_user_at_every_stage(dataset: Dataset, bundle: Bundle) -> None:
    done: Counter[tuple[str, int]] = Counter()
    evaluate(
        bundle,
        dataset,
        baselines=["ease"],
        left_out={"decayed-ease": 9.0},
        progress=lambda stage, users, of: done.update({(stage, of): users}),
    )
    evaluated, grid = len(_naive_histories()), len(Grid().l2)
    names = [f"{who}, {what}" for who in ("model", "popularity", "ease") for what in WHICH]
    expected = {(name, evaluated): evaluated for name in names}
    assert done == expected | {("ease, settings", evaluated): grid * evaluated}


def test_progress_bar_shows_the_stage() -> None:
    text = StringIO()
    console = Console(file=text, width=100, force_terminal=True)
    with evaluation_bar(console) as report:
        report("model, test", 30, 120)
        report("ease, settings", 50, 50)
        report("ease, settings", 20, 50)
    shown = text.getvalue()
    assert "ease, settings" in shown
    assert "20/50" in shown
    assert shown.endswith("\x1b[2K")  # the line is erased
    nobody = StringIO()
    with evaluation_bar(Console(file=nobody)) as report:
        report("model, test", 30, 120)
    assert nobody.getvalue() == ""


def test_unavailable_baseline_is_refused_before_evaluation(
    dataset: Dataset, bundle: Bundle
) -> None:
    done: list[str] = []
    with pytest.raises(ConfigError, match="there is no baseline 'slim'"):
        evaluate(bundle, dataset, baselines=["slim"], progress=lambda *said: done.append(said[0]))
    assert not done


def test_model_trained_on_the_test_items_is_refused(dataset: Dataset) -> None:
    bundle = train(dataset, TrainingConfig(epochs=1, holdout="none"), SMALL)
    with pytest.raises(TrainingError, match="--holdout none"):
        evaluate(bundle, dataset)


def test_data_frames_must_be_passed_again(bundle: Bundle) -> None:
    with pytest.raises(TrainingError, match="data frames; pass the data set"):
        evaluate(bundle)


def test_data_without_evaluated_users_is_refused(bundle: Bundle) -> None:
    plays = pd.DataFrame({"user_id": [1, 1, 2], "item_id": ["t1", "t2", "t1"]})
    few = Dataset.from_frames(plays, pd.DataFrame({"item_id": ["t1", "t2"]}), name="few")
    few = dataclasses.replace(few, file_order=True)
    with pytest.raises(TrainingError, match="cannot evaluate few: no user has enough interactions"):
        evaluate(bundle, few)


def test_ids_of_another_type_are_refused(bundle: Bundle, cycle_dataset: Dataset) -> None:
    with pytest.raises(RequestError, match="is an integer, but this model's item ids are text"):
        evaluate(bundle, cycle_dataset)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rows = pd.DataFrame(ROWS, columns=["user_id", "item_id", "timestamp"])
    rows.to_csv(tmp_path / "plays.csv", index=False)
    pd.DataFrame({"item_id": ITEM_IDS}).to_csv(tmp_path / "items.csv", index=False)
    schema = tmp_path / "data.yaml"
    schema.write_text("interactions: {path: plays.csv}\nitems: {path: items.csv}\n")
    return schema


def test_recorded_data_is_read_again_unless_changed(tables: Path) -> None:
    dataset = Dataset.load(tables)
    bundle = train(dataset, TrainingConfig(epochs=1), SMALL)
    assert evaluate(bundle).as_dict() == evaluate(bundle, dataset).as_dict()
    plays = tables.with_name("plays.csv")
    plays.write_text(plays.read_text() + "u1,t29,9\n")
    with pytest.raises(TrainingError, match="changed since the model was trained on it"):
        evaluate(bundle)
    plays.unlink()
    with pytest.raises(TrainingError, match="cannot be read again") as caught:
        evaluate(bundle)
    assert "plays.csv" in str(caught.value)


def test_bundle_may_be_a_path(bundle: Bundle, dataset: Dataset, tmp_path: Path) -> None:
    bundle.save(tmp_path / "bundle")
    assert evaluate(tmp_path / "bundle", dataset) == evaluate(bundle, dataset)


def test_model_with_nan_weights_scores_zero(bundle: Bundle, dataset: Dataset) -> None:
    broken = {name: np.full_like(w, np.nan) for name, w in bundle.weights.items()}
    found = evaluate(dataclasses.replace(bundle, weights=broken), dataset)
    for name in ("hr@10", "ndcg@10", "hr@20", "coverage@10", "novelty@10", "diversity@10"):
        assert found.test[name] == 0.0
    assert found.test["popularity_lift@10"] == -1.0
    assert set(found.calibration.values()) == {0.0}
