"""Predicted probabilities equal observed ones, for scores made by hand and for a real model."""

from __future__ import annotations

import dataclasses
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from fixtures.tiny import SHORT, TINY
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from towhee_recsys import Bundle, Dataset, evaluate, train
from towhee_recsys.bundle.bundle import CALIBRATION
from towhee_recsys.bundle.calibration import Calibration, log_totals
from towhee_recsys.datasets import last_two
from towhee_recsys.errors import BundleError
from towhee_recsys.evaluation import calibration_fit
from towhee_recsys.evaluation.calibration_fit import calibrate, calibration_figures
from towhee_recsys.evaluation.evaluation import model_scores
from towhee_recsys.evaluation.ranking import Answers, answer_users


def answered(lists: list[list[tuple[float, bool]]]) -> tuple[Answers, NDArray[np.int32]]:
    """Lists of scores, and whether it was the next item → answers of as many users."""
    width = max((len(row) for row in lists), default=0)
    items = np.full((len(lists), width), -1, np.int32)
    scores = np.full((len(lists), width), np.nan, np.float32)
    targets = np.full(len(lists), 10**6, np.int32)
    for user, row in enumerate(lists):
        for place, (score, hit) in enumerate(row):
            items[user, place] = place
            scores[user, place] = score
            if hit:
                targets[user] = place
    users, ranks = np.arange(len(lists)), np.ones(len(lists), np.int64)
    return Answers(users, ranks, items, scores, np.zeros(len(lists))), targets


def curve(pairs: list[tuple[float, bool]]) -> Calibration:
    found = calibrate(*answered([[pair] for pair in pairs]))
    assert found is not None
    return found


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_fit, "TOGETHER", 1)


@pytest.mark.usefixtures("one_by_one")
def test_violators_are_pooled() -> None:
    found = curve([(1, False), (2, True), (3, False), (4, True), (5, True)])
    assert (found.log_shares, found.probabilities) == ([1, 2.5, 4.5], [0, 0.5, 1])
    # Straight from point to point, level beyond the ends.
    assert found.probability(np.array([-9, 1.75, 9])).tolist() == [0, 0.25, 1]
    assert found.probability(np.empty(0)).shape == (0,)


@pytest.mark.usefixtures("one_by_one")
def test_equal_scores_have_equal_probabilities() -> None:
    assert curve([(2, False), (2, True), (2, False), (2, False)]).probabilities == [0.25]
    found = curve([(2, True), (1, False), (2, False), (3, True)])
    assert found.probability(np.array([1, 2, 3])).tolist() == [0, 0.5, 1]


@pytest.mark.usefixtures("one_by_one")
def test_curve_equals_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    scores = rng.permutation(400).astype(float)
    hit = rng.random(400) < scores / 500
    found = curve(list(zip(scores.tolist(), hit.tolist(), strict=True)))
    oracle = IsotonicRegression().fit(scores, hit).predict(np.sort(scores))
    levels = [float(oracle[oracle == level].mean()) for level in np.unique(oracle)]
    middles = [float(np.sort(scores)[oracle == level].mean()) for level in np.unique(oracle)]
    assert found.log_shares == pytest.approx(middles)
    assert found.probabilities == pytest.approx(levels)


@pytest.mark.usefixtures("one_by_one")
def test_users_are_compared_by_shares_and_not_by_scores() -> None:
    """Two users answer alike, but one's scores lie higher by ten, of all items."""
    lists = [[(3.0, True), (1.0, False)], [(13.0, True), (11.0, False)]]
    answers, targets = answered(lists)
    answers = dataclasses.replace(answers, log_totals=np.array([4.0, 14.0]))
    found = calibrate(answers, targets)
    assert found == Calibration(log_shares=[-3, -1], probabilities=[0, 1])
    assert calibration_figures(found, answers, targets)["error"] == 0


def test_log_totals() -> None:
    scores = np.array([[0, np.log(3), -np.inf], [1000, 1000, 1000]], np.float32)
    assert log_totals(scores) == pytest.approx([np.log(4), 1000 + np.log(3)])


@given(
    st.lists(
        st.tuples(st.floats(-100, 100, width=32) | st.sampled_from([0.1, 0.2]), st.booleans()),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 8),
)
def test_curve_never_falls(pairs: list[tuple[float, bool]], together: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration_fit, "TOGETHER", together)
        found = curve(pairs)
    worth = found.probability(np.linspace(-101, 101, 500))
    assert (np.diff(worth) >= 0).all()
    assert worth.min() >= 0
    assert worth.max() <= 1
    share = float(np.mean([hit for _, hit in pairs]))
    assert worth.min() <= share + 1e-9
    assert worth.max() >= share - 1e-9


def test_single_hit_at_the_top_is_not_certain() -> None:
    scores = np.arange(1_000) / 100
    pairs = [(float(score), score == scores[-1]) for score in scores]
    assert curve(pairs).probabilities[-1] == pytest.approx(0.01)


def test_curve_has_at_most_a_hundred_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_fit, "TOGETHER", 10)
    rng = np.random.default_rng(1)
    scores = rng.random(200_000)
    lists = [
        [(float(score), bool(hit)) for score, hit in zip(row, flags, strict=True)]
        for row, flags in zip(scores.reshape(-1, 1), rng.random((200_000, 1)) < scores[:, None],
                              strict=True)
    ]  # fmt: skip
    found = calibrate(*answered(lists))
    assert found is not None
    assert len(found.log_shares) == calibration_fit.POINTS == 100
    where = np.linspace(0.02, 0.98, 50)
    np.testing.assert_allclose(found.probability(where), where, atol=0.03)


def test_only_listed_items_count() -> None:
    assert calibrate(*answered([])) is None
    assert calibrate(*answered([[], []])) is None
    short = [[(1.0, False)], [(2.0, True), (1.5, False)], []]
    assert curve([(1.0, False), (2.0, True), (1.5, False)]) == calibrate(*answered(short))


def test_figures_of_a_small_example() -> None:
    """Five items of five probabilities, one in each fifth."""
    five = Calibration(log_shares=[0, 1], probabilities=[0, 1])
    lists = [[(0.0, False)], [(0.2, False)], [(0.4, True)], [(0.6, False)], [(1.0, True)]]
    found = calibration_figures(five, *answered(lists))
    assert found == pytest.approx(
        {"predicted": 0.44, "observed": 0.4, "error": (0 + 0.2 + 0.6 + 0.6 + 0) / 5}
    )
    longer = [[*row, *[(0.5, False)] * 20] for row in lists]
    assert calibration_figures(five, *answered(longer), length=1) == pytest.approx(found)


@pytest.mark.parametrize(
    "points",
    [
        {"log_shares": [], "probabilities": []},
        {"log_shares": [1, 2], "probabilities": [0.1]},
        {"log_shares": [2, 1], "probabilities": [0.1, 0.2]},
        {"log_shares": [1, 2], "probabilities": [0.2, 0.1]},
        {"log_shares": [1], "probabilities": [1.1]},
        {"log_shares": [1], "probabilities": [-0.1]},
        {"log_shares": [1], "probabilities": [math.nan]},
        {"log_shares": [0, math.nan], "probabilities": [0.1, 0.2]},
        {"log_shares": [0, math.inf], "probabilities": [0.1, 0.2]},
    ],
)
def test_invalid_curve_is_refused(points: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match=r"log shares must|a calibration needs"):
        Calibration(**points)


# A real model


def test_predicted_equals_observed(sample_bundle: Bundle, sample_dataset: Dataset) -> None:
    """On the test's interactions, of which neither the model nor its calibration knows."""
    found = evaluate(sample_bundle, sample_dataset)
    figures = found.calibration
    # Each user has one next item: it is among the first ten, or it is not.
    assert figures["observed"] == pytest.approx(found.test["hr@10"] / 10)
    assert figures["predicted"] == pytest.approx(figures["observed"], rel=0.25)
    assert figures["error"] < 0.25 * figures["observed"]


def test_wrong_calibration_has_a_large_error(
    sample_bundle: Bundle, sample_dataset: Dataset
) -> None:
    curve = sample_bundle.calibration
    assert curve is not None
    for shift in (-2, 2):
        moved = Calibration(
            log_shares=[share + shift for share in curve.log_shares],
            probabilities=curve.probabilities,
        )
        wrong = evaluate(dataclasses.replace(sample_bundle, calibration=moved), sample_dataset)
        assert wrong.calibration["error"] > 0.3 * wrong.calibration["observed"]


def test_curve_has_few_distinct_points(sample_bundle: Bundle) -> None:
    curve = sample_bundle.calibration
    assert curve is not None
    assert 3 < len(curve.log_shares) <= 100
    assert curve.probabilities[-1] > 5 * curve.probabilities[0]


def test_predicted_equals_observed_at_every_rank(
    sample_bundle: Bundle, sample_dataset: Dataset
) -> None:
    """By ranks, of all test users: what stands first is likelier, and by as much as is said."""
    split = last_two(sample_dataset.histories)
    ids = sample_dataset.items["item_id"].to_numpy()
    score, everything = model_scores(sample_bundle, sample_dataset), np.arange(len(ids))
    found = answer_users(score, split, "test", everything, ids, length=60)
    assert sample_bundle.calibration is not None
    worth = sample_bundle.calibration.probability(found.scores - found.log_totals[:, None])
    for begin, end in ((0, 3), (3, 10), (10, 30), (30, 60)):
        observed = float(((found.ranks > begin) & (found.ranks <= end)).mean())
        assert worth[:, begin:end].sum(axis=1).mean() == pytest.approx(observed, rel=0.35)


# The bundle


def test_calibration_is_saved_and_loaded(sample_bundle: Bundle, sample_bundle_path: Path) -> None:
    assert Bundle.load(sample_bundle_path).calibration == sample_bundle.calibration
    without = dataclasses.replace(sample_bundle, calibration=None)
    assert without.fingerprint == sample_bundle.fingerprint


def test_bundle_without_calibration(
    cycle_dataset: Dataset, sample_bundle: Bundle, sample_dataset: Dataset, tmp_path: Path
) -> None:
    settings = SHORT.model_copy(update={"epochs": 1, "holdout": "none"})
    train(cycle_dataset, settings, TINY).save(tmp_path / "all")
    assert not (tmp_path / "all" / CALIBRATION).exists()
    assert Bundle.load(tmp_path / "all").calibration is None
    without = dataclasses.replace(sample_bundle, calibration=None)
    assert evaluate(without, sample_dataset).calibration == {}


def test_damaged_calibration_is_refused(sample_bundle_path: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(sample_bundle_path, tmp_path / "bundle"))
    (broken / CALIBRATION).write_text("{}")
    with pytest.raises(BundleError, match=r"calibration\.json is not the file"):
        Bundle.load(broken)
