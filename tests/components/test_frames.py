"""Answers as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from towhee_recsys import to_frame
from towhee_recsys.errors import RequestError

FIRST = ["user_id", "item_id", "score", "rank"]


def film(item_id: Any, rank: int, **record: Any) -> dict[str, Any]:
    return {"item_id": item_id, "score": 1.5, "route": "personal", "rank": rank, **record}


ONE = [film(7, 1, title="A", year=1963), film(8, 2, title="B", year=None)]


def test_one_answer() -> None:
    frame = to_frame(ONE, 42)
    assert list(frame.columns) == [*FIRST, "route", "title", "year"]
    assert frame[FIRST].to_numpy().tolist() == [[42, 7, 1.5, 1], [42, 8, 1.5, 2]]
    assert frame.dtypes[FIRST].astype(str).tolist() == ["int64", "int64", "float64", "int64"]


def test_years_stay_integers_beside_missing_ones() -> None:
    year = to_frame(ONE)["year"]
    assert str(year.dtype) == "Int64"
    assert year.tolist() == [1963, pd.NA]
    assert "1963.0" not in to_frame(ONE).to_string()


@pytest.mark.parametrize(
    "users",
    [
        [42, "ann"],
        [{"user_id": 42, "top_k": 3}, {"user_id": "ann"}],
        (42, "ann"),
        pd.Series([42, "ann"]),
    ],
    ids=["ids", "requests", "tuple", "series"],
)
def test_many_answers(users: Any) -> None:
    frame = to_frame([ONE, [film("x", 1, genres=["Comedy"])]], users=users)
    assert frame["user_id"].tolist() == [42, 42, "ann"]
    assert frame["item_id"].tolist() == [7, 8, "x"]
    assert frame["genres"].tolist() == [None, None, ["Comedy"]]
    assert frame["title"].tolist() == ["A", "B", None]


def test_users_who_have_no_id_or_are_not_named() -> None:
    assert to_frame(ONE)["user_id"].isna().all()
    frame = to_frame([ONE, ONE], [{"user": {"age": 25}}, {"user_id": np.int64(43)}])
    assert frame["user_id"].tolist() == [pd.NA, pd.NA, 43, 43]
    assert str(frame["user_id"].dtype) == "Int64"


@pytest.mark.parametrize("answers", [[], [[]], [[], []], ()])
def test_no_recommendations_give_an_empty_table(answers: Any) -> None:
    assert list(to_frame(answers).columns) == FIRST
    assert len(to_frame(answers)) == 0
    assert list(to_frame(answers, [1] * len(answers)).columns) == FIRST


@pytest.mark.parametrize(
    ("answers", "users", "says"),
    [
        ([ONE, ONE], [1], "2 answers and 1 users; give a user for each answer"),
        ([ONE, ONE], 1, "2 answers and 1 users"),
        ("abc", None, r"answers is 'abc'; give what a pipeline's .get\(\)\[0\] returns"),
        ([[ONE]], None, "a list of recommendations, or a list of such lists"),
        ([{"user_id": 1}], None, "give what a pipeline"),
        (None, None, "answers is None"),
    ],
)
def test_what_is_no_answer_is_refused(answers: Any, users: Any, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        to_frame(answers, users)


def test_answers_of_a_pipeline(ask: Callable[[Any], Any]) -> None:
    requests = [42, {"user_id": 43, "top_k": 3}]
    answers = ask(requests)
    frame = to_frame(answers, requests)
    assert frame["user_id"].tolist() == [42] * 10 + [43] * 3
    assert frame["title"].tolist() == [one["title"] for answer in answers for one in answer]
    assert str(frame["year"].dtype) == "int64"


def test_answers_show_as_tables_in_a_notebook(ask: Callable[[Any], Any]) -> None:
    one, several = ask({"user_id": 42, "top_k": 2}), ask([42, 43])
    assert type(one[0]) is dict
    assert one == list(one)
    page = one._repr_html_()
    assert page.count("<tr") == 1 + 2
    assert one[0]["title"] in page
    assert "user_id" not in page
    assert "<th>request</th>" in several._repr_html_()
    assert "<table" in ask([])._repr_html_()
