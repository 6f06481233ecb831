"""Training learns a pattern, is repeatable, and stops in time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures.tiny import CYCLE, SHORT, TINY, cycle

from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, evaluate, train
from towhee_recsys.errors import TrainingError
from towhee_recsys.features import FIRST, UNKNOWN
from towhee_recsys.training import TrainingConfig, preset
from towhee_recsys.training.trainer import Trainer
from towhee_recsys.training.training_data import TrainingData


class Ear:
    """A listener that remembers, and may interrupt."""

    def __init__(self, interrupt_after: float = float("inf")) -> None:
        self.interrupt_after = interrupt_after
        self.steps: list[tuple[float, float, float, int]] = []
        self.validations: list[tuple[dict[str, float], bool]] = []
        self.messages: list[str] = []

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        self.steps.append((fraction, epoch, loss, examples))
        if epoch >= self.interrupt_after:
            raise KeyboardInterrupt

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        self.validations.append((metrics, best))

    def message(self, text: str) -> None:
        self.messages.append(text)


def same(one: Bundle, other: Bundle) -> bool:
    assert one.weights.keys() == other.weights.keys()
    return all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_next_item_of_a_cycle_is_learnt(cycle_bundle: Bundle, cycle_dataset: Dataset) -> None:
    found = evaluate(cycle_bundle, cycle_dataset)
    assert found.test["hr@10"] == 1.0
    assert found.test["ndcg@10"] > 0.95
    assert found.popularity["ndcg@10"] < 0.5
    # After items i, i + 1, i + 2 comes i + 3: also for those whom nobody has seen.
    walks = [{"history": [(i + k) % CYCLE for k in range(3)]} for i in range(CYCLE)]
    vectors = ItemEncoder(cycle_bundle).encode(cycle_dataset.item_records())
    scores = UserEncoder(cycle_bundle).encode(walks) @ vectors.T
    for i in range(CYCLE):
        scores[i, walks[i]["history"]] = -np.inf
    assert (scores.argmax(axis=1) == (np.arange(CYCLE) + 3) % CYCLE).mean() > 0.9


def test_model_of_the_sample_beats_popularity(
    sample_bundle: Bundle, sample_dataset: Dataset
) -> None:
    found = evaluate(sample_bundle, sample_dataset)
    assert (found.users, found.items) == (400, 300)
    assert found.test["ndcg@10"] > 2 * found.popularity["ndcg@10"] > 0
    reported = sample_bundle.metadata.validation
    assert {name: found.validation[name] for name in reported} == pytest.approx(reported)


def test_next_item_is_learnt_with_sampled_negatives(
    cycle_dataset: Dataset,
) -> None:
    few = SHORT.model_copy(update={"negatives": CYCLE // 3})
    assert evaluate(train(cycle_dataset, few, TINY), cycle_dataset).test["hr@10"] > 0.95


def test_same_seed_gives_the_same_model(cycle_bundle: Bundle, cycle_dataset: Dataset) -> None:
    again = train(cycle_dataset, SHORT, TINY)
    assert same(again, cycle_bundle)
    assert again.fingerprint == cycle_bundle.fingerprint
    assert again.metadata.validation == cycle_bundle.metadata.validation


def test_another_seed_gives_another_model(cycle_bundle: Bundle, cycle_dataset: Dataset) -> None:
    other = train(cycle_dataset, SHORT.model_copy(update={"seed": 1}), TINY)
    assert not same(other, cycle_bundle)


def test_held_out_items_do_not_change_the_model() -> None:
    dataset = cycle()
    plays = dataset.interactions
    last = plays["timestamp"] >= 8
    other = plays.assign(item_id=np.where(last, (plays["item_id"] + 12) % CYCLE, plays["item_id"]))
    changed = Dataset.from_frames(other, dataset.items)
    once = TrainingConfig(epochs=1, batch_positions=120)
    one, two = train(dataset, once, TINY), train(changed, once, TINY)
    assert same(one, two)
    assert one.popularity.tolist() == two.popularity.tolist()
    assert one.metadata.validation != two.metadata.validation


def test_holdout_none_trains_on_everything(cycle_dataset: Dataset) -> None:
    everything = SHORT.model_copy(update={"holdout": "none", "epochs": 2})
    ear = Ear()
    bundle = train(cycle_dataset, everything, TINY, listener=ear)
    assert bundle.metadata.holdout == "none"
    assert bundle.metadata.interactions == 800 == bundle.popularity.sum()
    assert bundle.metadata.validation == bundle.metadata.popularity == {}
    assert bundle.metadata.epochs == pytest.approx(2, abs=0.2)
    assert not ear.validations
    assert sum(examples for *_, examples in ear.steps) == 2 * 800


def test_listener_is_told_of_every_step_and_validation(cycle_dataset: Dataset) -> None:
    ear = Ear()
    bundle = train(cycle_dataset, SHORT, TINY, listener=ear)
    fractions = [fraction for fraction, *_ in ear.steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1.0
    losses = [loss for *_, loss, _ in ear.steps]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])
    best = [metrics for metrics, better in ear.validations if better][-1]
    assert best == max((m for m, _ in ear.validations), key=lambda m: m["ndcg@10"])
    assert best == bundle.metadata.validation  # fewer users than are sampled: all were validated


def test_every_epoch_is_drawn_anew() -> None:
    rows = [(user, item) for user in range(40) for item in range(user % 10)]
    plays = pd.DataFrame(rows, columns=["user_id", "item_id"])
    dataset = Dataset.from_frames(plays, pd.DataFrame({"item_id": range(9)}))
    ear = Ear()
    config = TrainingConfig(epochs=2, batch_positions=20, holdout="none")
    train(dataset, config, TINY, listener=ear)
    examples = [examples for *_, examples in ear.steps]
    half = len(examples) // 2
    assert examples[:half] != examples[half:]


def test_interrupt_keeps_the_best_so_far(cycle_dataset: Dataset, tmp_path: Any) -> None:
    ear = Ear(interrupt_after=4.5)
    checkpoint = tmp_path / "run"
    bundle = train(cycle_dataset, SHORT, TINY, listener=ear, checkpoint=checkpoint)
    best = [metrics for metrics, better in ear.validations if better][-1]
    assert bundle.metadata.validation == best
    assert 0 < bundle.metadata.epochs <= 4.5
    assert len(ear.messages) == 1
    assert "interrupted" in ear.messages[0]
    assert checkpoint.exists()  # to go on from, until the bundle is saved


def test_interrupt_before_validation_keeps_the_weights(
    cycle_dataset: Dataset, cycle_bundle: Bundle
) -> None:
    bundle = train(cycle_dataset, SHORT, TINY, listener=Ear(interrupt_after=0))
    assert 0 < bundle.metadata.epochs < 1
    learnt = cycle_bundle.metadata.validation["ndcg@10"]
    assert 0 < bundle.metadata.validation["ndcg@10"] < learnt


def test_training_stops_early(cycle_dataset: Dataset) -> None:
    long = TrainingConfig(epochs=500, batch_positions=120, patience=2)
    ear = Ear()
    bundle = train(cycle_dataset, long, TINY, listener=ear)
    assert [better for _, better in ear.validations][-2:] == [False, False]
    assert ear.steps[-1][0] < 1
    assert bundle.metadata.epochs < ear.steps[-1][1]


def test_time_budget_counts_from_the_start_of_the_command(cycle_dataset: Dataset) -> None:
    data = TrainingData.of(cycle_dataset, "last-two")
    begun = time.monotonic() - 400
    trainer = Trainer(data, TrainingConfig(epochs=1), TINY, deadline=begun + 1_000)
    schedule = trainer.schedule()
    assert schedule.steps is None  # the budget overrides the epochs
    assert schedule.seconds is not None
    assert 400 < schedule.seconds < 600  # what is left, less validating and saving


def test_spent_time_budget_is_refused(cycle_dataset: Dataset) -> None:
    budget = TrainingConfig(time_budget=100)
    with pytest.raises(TrainingError, match="time budget of 100 s is too short"):
        train(cycle_dataset, budget, TINY, started=time.monotonic() - 100)


def test_presets_take_more_epochs_of_small_data(cycle_dataset: Dataset) -> None:
    data = TrainingData.of(cycle_dataset, "last-two")
    _, config = preset("balanced")
    small = Trainer(data, config, TINY)
    assert small.batches.count == 1
    assert small.schedule().steps == 60
    large = Trainer(data, config.model_copy(update={"batch_positions": 10}), TINY)
    assert large.schedule().steps == config.epochs * large.batches.count > 60


def _plays(**columns: Any) -> pd.DataFrame:
    """Ten users who walk up from item 0, with further columns."""
    rows = [(u, i) for u in range(10) for i in range(5)]
    plays: pd.DataFrame = pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(**columns)
    return plays


@pytest.mark.parametrize("text", [False, True], ids=["int", "text"])
@pytest.mark.parametrize("columns", [0, 1], ids=["no column", "one column"])
@pytest.mark.parametrize("users", [False, True], ids=["no users", "users"])
def test_data_of_any_form_is_learnt(text: bool, columns: int, users: bool) -> None:
    plays = _plays()  # without times: the file's order is the order in time
    items = pd.DataFrame({"item_id": range(7)})
    who = pd.DataFrame({"user_id": range(11)})  # the last one plays nothing
    if text:
        plays = "x" + plays.astype(str)
        items, who = "x" + items.astype(str), "x" + who.astype(str)
    if columns:
        items["genre"], who["city"] = ["a", "b", "b", "a", "b", "a", "a"], ["y", "z", *"y" * 9]
    dataset = Dataset.from_frames(plays, items, who if users else None)
    dataset = replace(dataset, file_order=True)
    bundle = train(dataset, TrainingConfig(epochs=3), TINY)
    assert bundle.metadata.id_types == dict.fromkeys(
        ("user_id", "item_id"), "str" if text else "int"
    )
    assert bundle.metadata.users == (11 if users else 10)
    # Of each user the first three are trained on; what nobody plays has no id of its own.
    assert bundle.popularity.tolist() == [10, 10, 10, 0, 0, 0, 0]
    assert bundle.item_codes.tolist() == [FIRST, FIRST + 1, FIRST + 2, *[UNKNOWN] * 4]
    history = dataset.items["item_id"].tolist()[:2]
    assert np.isfinite(UserEncoder(bundle).encode({"history": history})).all()
    assert evaluate(bundle, dataset).users == 10


@pytest.mark.parametrize("rows", [[(1, "a")], [(1, i) for i in "abc"], [(1, "a"), (2, "a")]])
def test_too_few_items_are_refused(rows: list[tuple[int, str]]) -> None:
    plays = pd.DataFrame(rows, columns=["user_id", "item_id"])
    dataset = Dataset.from_frames(plays, pd.DataFrame({"item_id": list("abc")}), name="few")
    dataset = replace(dataset, file_order=True)
    with pytest.raises(TrainingError, match="few: 1 item is left to learn from"):
        train(dataset, TrainingConfig(epochs=1), TINY)


def test_users_with_two_interactions_are_trained_on_but_not_evaluated() -> None:
    plays = pd.DataFrame({"user_id": [1, 1, 2, 2], "item_id": [1, 2, 2, 3]})
    dataset = Dataset.from_frames(plays, pd.DataFrame({"item_id": [1, 2, 3]}))
    bundle = train(dataset, TrainingConfig(epochs=1), TINY)
    assert bundle.metadata.interactions == 4
    assert bundle.metadata.validation == {}


def test_diverging_training_is_reported(cycle_dataset: Dataset) -> None:
    wild = TrainingConfig(epochs=50, learning_rate=1e38)
    with pytest.raises(TrainingError, match="smaller learning rate than 1e"):
        train(cycle_dataset, wild, TINY)


def test_metadata_describes_the_training(sample_bundle: Bundle, sample_dataset: Dataset) -> None:
    meta = sample_bundle.metadata
    source = sample_dataset.source
    assert source is not None
    assert (meta.data, meta.location, meta.sha256) == ("sample", source.location, source.sha256)
    assert (meta.users, meta.items, meta.holdout, meta.seed) == (400, 300, "last-two", 0)
    assert meta.interactions == len(sample_dataset.interactions) - 2 * 400
    assert meta.epochs == pytest.approx(2, abs=0.1)
    assert meta.seconds > 0
    assert meta.validation["ndcg@10"] > meta.popularity["ndcg@10"]
    assert set(meta.versions) == {"towhee_recsys", "paddlepaddle", "python"}
    assert meta.created.endswith("+00:00")
