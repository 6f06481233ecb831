"""What `evaluate` reports is what the pipeline returns, user by user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Oracle, Stack, assert_best, ids

from towhee_recsys import Bundle, Dataset, evaluate, train
from towhee_recsys.training import TrainingConfig
from towhee_recsys.types import USER_ID

ML_1M = Path(__file__).parents[2] / ".." / "shared" / "data" / "ml-1m.zip"


def test_scores_are_inner_products_of_vectors(
    ask: Callable[[Any], Any], sample_oracle: Oracle
) -> None:
    users = list(sample_oracle.users)[:300]
    pasts = [sample_oracle.histories[user][:-1] for user in users]
    scores = sample_oracle.all_scores(users, pasts)
    for user, past, score in zip(users, pasts, scores, strict=True):
        answer = ask({"user_id": user, "history": past})
        assert_best(answer, score, past, 10)
        assert {one["route"] for one in answer} == {"personal"}


def test_answers_contain_the_whole_record(ask: Callable[[Any], Any], sample_oracle: Oracle) -> None:
    for one in ask(42):
        assert one == {
            "item_id": one["item_id"],
            "score": one["score"],
            "rank": one["rank"],
            "route": "personal",
            **sample_oracle.items[one["item_id"]],
        }


def test_pipeline_and_evaluate_have_the_same_hit_rate(
    ask: Callable[[Any], Any],
    sample_oracle: Oracle,
    sample_bundle: Bundle,
    sample_dataset: Dataset,
) -> None:
    hits, _ = _hits(ask, sample_oracle, list(sample_oracle.users))
    assert hits / len(sample_oracle.users) == evaluate(sample_bundle, sample_dataset).test["hr@10"]


@pytest.mark.long
def test_pipeline_and_evaluate_agree_on_movielens(tmp_path: Path) -> None:
    if not ML_1M.is_file():
        pytest.skip(
            "needs MovieLens 1M at ../shared/data/ml-1m.zip, which the project cannot carry"
        )
    dataset = _some_users(Dataset.load(ML_1M), 500)
    bundle = train(dataset, TrainingConfig(epochs=0.05, validation_users=100))
    bundle.save(tmp_path / "bundle")
    stack, oracle = Stack(tmp_path, tmp_path / "bundle"), Oracle(bundle, dataset)
    assert stack.ingest(dataset)["items"] == 3_883
    users = list(oracle.users)
    hits, answers = _hits(stack.recommend(), oracle, users)
    pasts = [oracle.histories[user][:-1] for user in users]
    scores = oracle.all_scores(users, pasts)
    for answer, score, past in zip(answers, scores, pasts, strict=True):
        assert_best(answer, score, past, 10)
    assert hits / len(users) == evaluate(bundle, dataset).test["hr@10"]


def _some_users(dataset: Dataset, count: int) -> Dataset:
    """A data set with `count` users, all their interactions, and all items."""
    users = dataset.users.iloc[:: len(dataset.users) // count].head(count)
    theirs = dataset.interactions[USER_ID].isin(users[USER_ID])
    return replace(
        dataset,
        users=users.reset_index(drop=True),
        interactions=dataset.interactions[theirs].reset_index(drop=True),
    )


def _hits(ask: Callable[[Any], Any], oracle: Oracle, users: list[Any]) -> tuple[int, list[Any]]:
    """The number of users whose last item is in the top 10 for the history before it, and the
    answers."""
    pasts = [oracle.histories[user] for user in users]
    answers = ask([{"user_id": u, "history": p[:-1]} for u, p in zip(users, pasts, strict=True)])
    return sum(p[-1] in ids(a) for p, a in zip(pasts, answers, strict=True)), answers
