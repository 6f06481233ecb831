"""New users and items are held out from training, and evaluated as they arrive."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, train
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.cold_start import ColdSplit, hold_out, measure, random_figures
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import TrainingConfig


@pytest.fixture(scope="module")
def held_out(sample_dataset: Dataset) -> tuple[Dataset, ColdSplit]:
    return hold_out(sample_dataset, users=0.2, items=0.2)


@pytest.fixture(scope="module")
def bundle(held_out: tuple[Dataset, ColdSplit]) -> Bundle:
    model = ModelConfig(blocks=1, hidden_size=64, max_history=50)
    return train(held_out[0], TrainingConfig(epochs=4, id_dropout=0.2), model)


def test_held_out_users_and_items_have_no_interactions(
    sample_dataset: Dataset, held_out: tuple[Dataset, ColdSplit]
) -> None:
    training, cold = held_out
    assert cold.dataset is sample_dataset
    assert (len(cold.users), len(cold.items)) == (80, 60)
    assert training.users is sample_dataset.users
    assert training.items is sample_dataset.items
    users = set(sample_dataset.users["user_id"].iloc[cold.users])
    items = set(sample_dataset.items["item_id"].iloc[cold.items])
    table = sample_dataset.interactions
    expected = [
        row
        for row in table.itertuples(index=False)
        if row.user_id not in users and row.item_id not in items
    ]
    assert list(training.interactions.itertuples(index=False)) == expected
    assert 0 < len(expected) < len(table)
    # It is no longer what lies on disk.
    assert training.source is None


def test_seed_decides_what_is_held_out(sample_dataset: Dataset) -> None:
    (_, one), (_, same), (_, other) = (hold_out(sample_dataset, seed=seed) for seed in (1, 1, 2))
    assert one.users.tolist() == same.users.tolist() != other.users.tolist()
    assert one.items.tolist() == same.items.tolist() != other.items.tolist()


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({"users": 0.0}, "a share of 0.0 holds out 0 of 400 users"),
        ({"items": 1.0}, "a share of 1.0 holds out 300 of 300 items"),
        ({"users": -1.0}, "a share of -1.0"),
    ],
)
def test_share_must_leave_some_on_each_side(
    sample_dataset: Dataset, shares: dict[str, Any], says: str
) -> None:
    with pytest.raises(TrainingError, match=says):
        hold_out(sample_dataset, **shares)


class _Naive:
    """One user after the other, by ids."""

    def __init__(self, bundle: Bundle, cold: ColdSplit) -> None:
        data = cold.dataset
        self.ids = data.items["item_id"].tolist()
        self.records = {user["user_id"]: user for user in data.user_records()}
        self.vectors = ItemEncoder(bundle).encode(data.item_records()).astype(np.float64)
        self.encoder = UserEncoder(bundle)
        self.popularity = dict(zip(self.ids, bundle.popularity.tolist(), strict=True))
        self.users = set(data.users["user_id"].iloc[cold.users])
        self.items = set(data.items["item_id"].iloc[cold.items])
        table = data.interactions.sort_values("timestamp", kind="stable")
        self.histories = {user: rows["item_id"].tolist() for user, rows in table.groupby("user_id")}
        self.learnt = {  # less what was held out, and then the last two
            user: [item for item in history if item not in self.items][:-2]
            for user, history in self.histories.items()
            if user not in self.users
        }

    def model(self, user: int, past: list[int]) -> dict[int, float]:
        vector = self.encoder.encode({"user": self.records[user], "history": past})[0]
        return dict(zip(self.ids, (self.vectors @ vector).round(5).tolist(), strict=True))

    def segment(self, user: int) -> dict[int, float]:
        """Places in the order of popularity among users with the same labels."""
        shares = dict.fromkeys(self.ids, 0.0)
        for name in ("gender", "country"):
            alike = [u for u in self.learnt if self.records[u][name] == self.records[user][name]]
            if len(alike) < 20:
                continue
            met = Counter(item for other in alike for item in self.learnt[other])
            for item, count in met.items():
                shares[item] += count / met.total() / 2
        key = lambda i: (-round(shares[i], 12), -self.popularity[i], i)  # noqa: E731
        return {item: -float(place) for place, item in enumerate(sorted(self.ids, key=key))}

    @staticmethod
    def figures(ranks: list[int]) -> dict[str, float]:
        gains = [1 / math.log2(rank + 1) if rank <= 10 else 0.0 for rank in ranks]
        hits = sum(rank <= 10 for rank in ranks)
        return {"hr@10": hits / len(ranks), "ndcg@10": sum(gains) / len(ranks)}

    @staticmethod
    def rank(scores: dict[int, float], target: int, past: list[int], among: list[int]) -> int:
        left = sorted((i for i in among if i not in past), key=lambda i: (-scores[i], i))
        return 1 + left.index(target)


def test_new_users_are_evaluated_after_few_interactions(
    bundle: Bundle, held_out: tuple[Dataset, ColdSplit]
) -> None:
    naive = _Naive(bundle, held_out[1])
    found = measure(bundle, held_out[1])["users"]
    assert [one["met"] for one in found] == [0, 1, 3, 10]
    for one in found:
        ranks: dict[str, list[int]] = {"model": [], "popularity": [], "segment": []}
        for user in sorted(naive.users):
            known = [item for item in naive.histories[user] if item not in naive.items]
            past, rest = known[: one["met"]], known[one["met"] :]
            if rest:
                for name, scores in (
                    ("model", naive.model(user, past)),
                    ("popularity", naive.popularity),
                    ("segment", naive.segment(user)),
                ):
                    ranks[name].append(naive.rank(scores, rest[0], past, naive.ids))
        assert one["users"] == len(ranks["model"])
        for name, those in ranks.items():
            assert one[name] == pytest.approx(naive.figures(those))


def test_new_items_are_evaluated_for_their_last_users(
    bundle: Bundle, held_out: tuple[Dataset, ColdSplit]
) -> None:
    naive = _Naive(bundle, held_out[1])
    found = measure(bundle, held_out[1])["items"]
    asked = {
        user: history
        for user, history in naive.histories.items()
        if user not in naive.users and history[-1] in naive.items
    }
    assert (found["users"], found["items"]) == (len(asked), 60)
    for among, items in (("all", naive.ids), ("cold", sorted(naive.items))):
        ranks: dict[str, list[int]] = {"model": [], "popularity": []}
        chances = []
        for user, (*past, target) in asked.items():
            ranks["model"].append(naive.rank(naive.model(user, past), target, past, items))
            ranks["popularity"].append(naive.rank(naive.popularity, target, past, items))
            left = len(set(items) - set(past))
            chances.append(naive.figures(list(range(1, left + 1))))
        for name, those in ranks.items():
            assert found[among][name] == pytest.approx(naive.figures(those))
        for metric, value in found[among]["random"].items():
            assert value == pytest.approx(sum(c[metric] for c in chances) / len(chances))


def test_features_rank_new_items(bundle: Bundle, held_out: tuple[Dataset, ColdSplit]) -> None:
    found = measure(bundle, held_out[1])
    for among in ("all", "cold"):
        figures = found["items"][among]
        assert figures["model"]["hr@10"] > 1.5 * figures["random"]["hr@10"]
        assert figures["model"]["ndcg@10"] > 1.5 * figures["random"]["ndcg@10"]
    assert found["items"]["all"]["popularity"]["hr@10"] == 0
    for one in found["users"]:
        if one["met"] >= 3:
            assert one["model"]["ndcg@10"] > 1.3 * one["popularity"]["ndcg@10"]


def test_random_order_of_few_candidates() -> None:
    assert random_figures(np.array([1, 1])) == {"hr@10": 1.0, "ndcg@10": 1.0}
    two = random_figures(np.array([2]))
    assert two == pytest.approx({"hr@10": 1.0, "ndcg@10": (1 + 1 / math.log2(3)) / 2})
    assert random_figures(np.array([20, 40]))["hr@10"] == pytest.approx((0.5 + 0.25) / 2)


def test_model_trained_on_held_out_items_is_refused(
    sample_bundle: Bundle, held_out: tuple[Dataset, ColdSplit]
) -> None:
    with pytest.raises(TrainingError, match="train it on the data set that hold_out returns"):
        measure(sample_bundle, held_out[1])


def test_data_without_users_of_new_items_is_refused(
    bundle: Bundle, held_out: tuple[Dataset, ColdSplit]
) -> None:
    cold = held_out[1]
    table, cold_ids = cold.dataset.interactions, cold.dataset.items["item_id"].iloc[cold.items]
    few = dataclasses.replace(cold.dataset, interactions=table[~table["item_id"].isin(cold_ids)])
    with pytest.raises(TrainingError, match="no user's last interaction is with a held-out item"):
        measure(bundle, dataclasses.replace(cold, dataset=few))
