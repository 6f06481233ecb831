"""The words of a comparison say no more than was measured."""

from __future__ import annotations

import pytest

from towhee_recsys.bundle.comparison import FEW, TITLES, Comparison, verdict
from towhee_recsys.evaluation.baselines import BASELINES


def compared(low: float, high: float, **changed: object) -> Comparison:
    found = Comparison(
        baseline="decayed-ease",
        settings={"l2": 100.0, "decay": 0.8},
        metrics={"hr@10": 0.3, "ndcg@10": 0.2},
        gain=(low + high) / 2,
        gain_interval=(low, high),
        measured=["popularity", "decayed-ease"],
    )
    return found.model_copy(update=changed)


def test_a_clear_gain() -> None:
    assert verdict(500, compared(0.01, 0.03)) == (
        "This model is better than EASE with decay, the best baseline: NDCG@10 of the model is "
        "0.2200 against 0.2000, a difference of +0.0200 (95% interval +0.0100 to +0.0300)."
    )


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (-0.05, -0.01, "The baseline EASE with decay is better here: "),
        (-0.05, 0.01, "The baseline EASE with decay is as good or better here: "),
        (-0.01, 0.03, "This model is not clearly better than EASE with decay, the best baseline: "),
        (0.0, 0.02, "This model is not clearly better than EASE with decay, the best baseline: "),
    ],
)
def test_no_clear_gain(low: float, high: float, says: str) -> None:
    said = verdict(500, compared(low, high))
    assert said.startswith(says)
    assert f"{low:+.4f} to {high:+.4f}" in said


def test_popularity_alone_is_not_the_best_of_anything() -> None:
    said = verdict(500, compared(0.1, 0.2, baseline="popularity", measured=["popularity"]))
    assert said.startswith("This model is better than popularity: ")


def test_few_users_decide_nothing() -> None:
    few = compared(0.1, 0.2, gain_interval=None)
    for users, words in ((1, "1 user is"), (4, "4 users are"), (FEW - 1, "29 users are")):
        assert verdict(users, few).startswith(f"{words} too few to measure")
        assert "better" not in verdict(users, few)
        assert verdict(users, None) == verdict(users, few)


def test_what_was_left_out_is_named() -> None:
    said = verdict(
        500,
        compared(
            0.1, 0.2, baseline="popularity", measured=["popularity"], left_out={"item-knn": 95.2}
        ),
    )
    assert "Left out, as it does not fit into the time budget: item-kNN (up to 1 min 35 s)." in said


def test_nothing_is_said_of_what_is_unknown() -> None:
    assert verdict(500, None) == verdict(None, None) == ""


def test_every_baseline_has_a_title() -> None:
    assert TITLES.keys() == BASELINES.keys()
