"""Training on data that does not say the order finds tastes, not the order of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from towhee_recsys import Dataset, ItemEncoder, UserEncoder, evaluate, train
from towhee_recsys.bundle import Bundle
from towhee_recsys.errors import TrainingError
from towhee_recsys.model import ModelConfig
from towhee_recsys.training import TrainingConfig

MODEL = ModelConfig(embedding_size=32, members=1, heads=4, hidden_size=32, max_history=30, blocks=1)
CONFIG = TrainingConfig(epochs=40, min_steps=60, patience=100)
USERS, ITEMS, TASTES, EACH = 300, 80, 4, 12


def _plays(seed: int = 0) -> pd.DataFrame:
    """Each user plays items of one taste, and some of the others, popular ones more often.

    Items of one taste are spread over all ids. Within a user, times follow no pattern.
    """
    rng = np.random.default_rng(seed)
    item_ids = rng.permutation(ITEMS)
    popularity = 1 / (1 + np.arange(ITEMS) // TASTES)
    rows = []
    for user in range(USERS):
        liked = np.arange(ITEMS) % TASTES == user % TASTES
        chances = popularity * np.where(liked, 1.0, 0.05)
        drawn = rng.choice(ITEMS, EACH, replace=False, p=chances / chances.sum())
        rows += [(user, int(item_ids[item]), 1e9 + 1e6 * rng.random()) for item in drawn]
    plays: pd.DataFrame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return plays


def _held_out(plays: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is left, and one random interaction of each user: a hold-out without any order."""
    out = plays.groupby("user_id").sample(1, random_state=1)
    return plays.drop(out.index), out


def _dataset(plays: pd.DataFrame, file_order: bool = False) -> Dataset:
    made = Dataset.from_frames(plays, pd.DataFrame({"item_id": range(ITEMS)}))
    return replace(made, file_order=file_order)


def _hits(bundle: Bundle, plays: pd.DataFrame, out: pd.DataFrame) -> np.ndarray:
    """For each user 1 if the held-out item is among the ten best that the user has not seen."""
    histories = plays.groupby("user_id")["item_id"].agg(list)
    targets = out.set_index("user_id")["item_id"]
    users = UserEncoder(bundle).encode([{"history": histories[user]} for user in range(USERS)])
    scores = users @ ItemEncoder(bundle).encode([{"item_id": item} for item in range(ITEMS)]).T
    return _in_top_ten(scores, histories, targets)


def _hits_of_popularity(plays: pd.DataFrame, out: pd.DataFrame) -> np.ndarray:
    histories = plays.groupby("user_id")["item_id"].agg(list)
    counts = plays["item_id"].value_counts().reindex(range(ITEMS), fill_value=0).to_numpy()
    scores = np.tile(counts.astype(float), (USERS, 1))
    return _in_top_ten(scores, histories, out.set_index("user_id")["item_id"])


def _in_top_ten(scores: np.ndarray, histories: pd.Series, targets: pd.Series) -> np.ndarray:
    hits = np.empty(USERS)
    for user, row in enumerate(scores):
        row[histories[user]] = -np.inf
        hits[user] = (row > row[targets[user]]).sum() < 10
    return hits


def _forms(plays: pd.DataFrame) -> dict[str, pd.DataFrame]:
    bare = plays.drop(columns="timestamp")
    return {
        "sorted by item": bare.sort_values(["user_id", "item_id"]),
        "shuffled": bare.sample(frac=1, random_state=2),
        "true timestamps": plays.sort_values("timestamp"),
    }


def test_the_order_of_the_file_makes_no_difference() -> None:
    plays, out = _held_out(_plays())
    popular = _hits_of_popularity(plays, out).mean()
    found = {}
    for form, table in _forms(plays).items():
        bundle = train(_dataset(table), CONFIG, MODEL)
        found[form] = _hits(bundle, plays, out)
        known = form == "true timestamps"
        assert bundle.config.ordered == known
        assert bundle.metadata.order == ("time" if known else "unknown")
        assert bundle.metadata.holdout == ("last-two" if known else "random-two")
    print({form: round(float(hits.mean()), 3) for form, hits in found.items()}, round(popular, 3))
    for form in ("sorted by item", "shuffled"):
        assert found[form].mean() >= 1.5 * popular
    gap = found["sorted by item"] - found["shuffled"]
    assert abs(gap.mean()) <= 1.96 * gap.std() / np.sqrt(USERS)


def test_a_file_in_time_order_trains_as_before() -> None:
    table = _forms(_plays())["true timestamps"]
    quick = CONFIG.model_copy(update={"epochs": 2, "min_steps": 1})
    of_times = train(_dataset(table), quick, MODEL)
    of_file = train(_dataset(table.drop(columns="timestamp"), file_order=True), quick, MODEL)
    assert of_file.config.ordered
    assert of_file.metadata.holdout == "last-two"
    for name, weight in of_times.weights.items():
        np.testing.assert_array_equal(weight, of_file.weights[name])


def test_a_permuted_history_gives_the_same_vector() -> None:
    quick = CONFIG.model_copy(update={"epochs": 2, "min_steps": 1})
    bundle = train(_dataset(_forms(_plays())["shuffled"]), quick, MODEL)
    encoder, history = UserEncoder(bundle), list(range(60))  # longer than training reads at once
    vectors = encoder.encode([{"history": history}, {"history": history[::-1]}, {"history": [1]}])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-2


def test_a_bundle_keeps_that_order_has_no_part(tmp_path: Path) -> None:
    quick = CONFIG.model_copy(update={"epochs": 1, "min_steps": 1})
    dataset = _dataset(_forms(_plays())["shuffled"])
    bundle = train(dataset, quick, MODEL)
    bundle.save(tmp_path / "bundle")
    again = Bundle.load(tmp_path / "bundle")
    users: list[dict[str, list[int]]] = [{"history": [3, 1, 2]}, {"history": []}]
    np.testing.assert_array_equal(
        UserEncoder(bundle).encode(users), UserEncoder(again).encode(users)
    )
    figures = evaluate(again, dataset)
    assert figures.users == USERS
    assert figures.validation["ndcg@10"] == pytest.approx(bundle.metadata.validation["ndcg@10"])


def test_the_last_two_of_unknown_order_are_refused() -> None:
    dataset = _dataset(_forms(_plays())["shuffled"])
    with pytest.raises(TrainingError, match="does not say in which order"):
        train(dataset, CONFIG.model_copy(update={"holdout": "last-two"}), MODEL)


def test_a_moment_is_held_out_and_evaluated() -> None:
    plays = _plays()
    moment = np.quantile(plays["timestamp"], 0.8)
    date = pd.Timestamp(moment, unit="s").isoformat(timespec="seconds")
    dataset = _dataset(plays)
    config = CONFIG.model_copy(update={"holdout": f"time:{date}", "epochs": 1, "min_steps": 1})
    bundle = train(dataset, config, MODEL)
    early = plays[plays["timestamp"] < int(moment)]
    both = set(early["user_id"]) & set(plays.loc[plays["timestamp"] >= int(moment), "user_id"])
    validated = (early["user_id"].value_counts() > 1).sum()
    assert bundle.metadata.holdout.startswith("time:2001-")
    assert bundle.metadata.interactions == len(early) - validated
    assert evaluate(bundle, dataset).users == len(both)


def test_reasons_do_not_depend_on_the_order_of_a_history() -> None:
    quick = CONFIG.model_copy(update={"epochs": 2, "min_steps": 1})
    bundle = train(_dataset(_forms(_plays())["shuffled"]), quick, MODEL)
    encoder, history = UserEncoder(bundle), list(range(60))  # longer than training reads at once
    ids, added = encoder.contributions({"history": history})
    again, same = encoder.contributions({"history": history[::-1]})
    assert ids == again == history
    np.testing.assert_allclose(added, same, atol=1e-6)
    others = [{"history": history[:n] + history[n + 1 :]} for n in range(60)]
    expected = encoder.encode({"history": history}) - encoder.encode(others)
    np.testing.assert_allclose(added, expected, atol=1e-4)
    (only,), all_of_it = encoder.contributions({"history": [7]})
    nothing = encoder.encode([{"history": [7]}, {}])
    assert only == 7
    np.testing.assert_allclose(all_of_it[0], nothing[0] - nothing[1], atol=1e-4)


def test_a_moment_without_earlier_pairs_leaves_nothing_to_validate() -> None:
    rows = [(u, (u + step) % 20, 1e9 + 10 * step) for u in range(60) for step in range(4)]
    plays = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    dataset = Dataset.from_frames(plays)
    config = CONFIG.model_copy(
        update={"holdout": "time:2001-09-09T01:46:45", "epochs": 1, "min_steps": 1}
    )
    bundle = train(dataset, config, MODEL)
    assert bundle.metadata.interactions == 60
    found = evaluate(bundle, dataset)
    assert (found.users, found.validation) == (60, {})
    assert found.test["hr@10"] >= 0
    assert found.baselines["decayed-ease"].validation == {}
