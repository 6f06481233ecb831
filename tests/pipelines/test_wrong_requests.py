"""Wrong requests are refused, with a message that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fixtures.stack import Oracle, Stack
from hypothesis import given, settings
from hypothesis import strategies as st

from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.pipelines import RecommendConfig, recommend

Ask = Callable[[Any], Any]

HUGE = 10**5000

WRONG: list[tuple[Any, str]] = [
    (None, "None"),
    (42.0, "user_id is 42.0"),
    (True, "user_id is True"),
    ("42", "user_id has '42'; the data's user_id is an integer"),
    (b"42", "user_id is b'42'"),
    (10**30, "integer of 64 bits"),
    (HUGE, "a huge number"),
    ({1, 2}, "user_id is {1, 2}"),
    (object(), "user_id is <object"),
    ([42, [43]], "request 1: user_id is"),
    (np.array([[1, 2]]), "request 0: user_id is"),
    ([0] * 10_001, "10,001 requests"),
    ({1: 2}, "keys should be strings"),
    ({"histroy": [1]}, "unknown field 'histroy'. Did you mean 'history'?"),
    ({"zzz": 1}, "unknown field 'zzz'. Choose one of user_id, user, history"),
    ({"user_id": None}, "user_id is None"),
    ({"user_id": "x"}, "user_id has 'x'"),
    ({"user_id": "\ud800"}, "user_id has"),
    ({"top_k": 0}, "top_k is 0"),
    ({"top_k": -1}, "top_k is -1"),
    ({"top_k": 10**9}, "top_k is 1000000000"),
    ({"top_k": HUGE}, "top_k is a huge number"),
    ({"top_k": float("nan")}, "top_k is nan"),
    ({"top_k": "5"}, "top_k is '5'"),
    ({"top_k": True}, "top_k is True"),
    ({"top_k": None}, "top_k is None"),
    ({"history": 5}, "history is 5"),
    ({"history": "1,2"}, "history is '1,2'"),
    ({"history": [1.5]}, "history is 1.5"),
    ({"history": [1, "x"]}, "history has 'x'; the data's item_id is an integer"),
    ({"history": [None]}, "history is None"),
    ({"history": [[1]]}, "history is [1]"),
    ({"history": list(range(10**6))}, "history has 1,000,000 ids"),
    ({"exclude": ["x"]}, "exclude has 'x'"),
    ({"exclude": None}, "exclude is None"),
    ({"seen": "maybe"}, "seen is 'maybe'"),
    ({"min_score": float("nan")}, "min_score is nan"),
    ({"min_score": 1e300}, "min_score is 1e+300: input should be less than or equal to 1000000000"),
    ({"min_score": float("inf")}, "min_score is inf"),
    ({"min_score": "high"}, "min_score is 'high'"),
    ({"min_score": None}, "min_score is None"),
    ({"diversity": 1.1}, "diversity is 1.1"),
    ({"diversity": float("nan")}, "diversity is nan"),
    ({"diversity": True}, "diversity is True"),
    ({"explain": 11}, "explain is 11"),
    ({"explain": -1}, "explain is -1"),
    ({"explain": True}, "explain is True"),
    ({"calibrate": 1}, "calibrate is 1"),
    ({"calibrate": "yes"}, "calibrate is 'yes'"),
    ({"user": 3}, "user is 3"),
    ({"user": {1: 1}}, "user is 1"),
    (
        {"user": {"gendr": "F"}},
        "unknown column 'gendr'; the model's columns are gender, age",
    ),
    ({"user": {"age": "old"}}, "column 'age': record 0: 'old' is not a number"),
    ({"user": {"age": float("inf")}}, "column 'age': record 0: inf is not finite"),
    ({"user": {"age": 10**400}}, "column 'age'"),
    ({"user": {"country": HUGE}}, "column 'country'"),
    ({"filter": 5}, "filter is 5"),
    ({"filter": {"genre": "Comedy"}}, "unknown column 'genre'. Known are: director"),
    ({"filter": {"year": "x"}}, "filter on 'year'"),
    ({"filter": {"year": float("nan")}}, "filter on 'year'"),
    ({"filter": {"genres": {"gt": 1}}}, "filter on 'genres'"),
    ({"filter": {"genres": "\ud800"}}, "filter on 'genres'"),
    ({"filter": {"or": {"year": 1}}}, "'or' takes a list"),
    ({"filter": {"and": HUGE}}, "'and' takes a list of filters, not a huge number"),
    ({"history": ["x"] * 10**5}, "history has 'x'"),
    ({"history": [0.5] * 10**5}, "history is 0.5; give a list of integers or texts"),
    ({"diversity": 0.5, "top_k": 1_001}, "top_k is 1001; with diversity it is at most 1,000"),
]


@pytest.mark.parametrize(("request_", "says"), WRONG, ids=[says for _, says in WRONG])
def test_wrong_request_is_explained(ask: Ask, request_: Any, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        ask(request_)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_pipeline_itself_raises_the_error(sample_stack: Stack) -> None:
    with recommend(RecommendConfig(**sample_stack.settings)) as p:
        with pytest.raises(RequestError) as caught:
            p("42")
        with pytest.raises(RequestError, match="user_id is None"):
            p(None)
    text = "the request: user_id has '42'; the data's user_id is an integer of 64 bits"
    assert str(caught.value) == text


def test_wrong_request_in_a_batch_is_named_by_position(ask: Ask) -> None:
    with pytest.raises(RequestError, match="request 2: top_k is 0"):
        ask([1, 2, {"user_id": 3, "top_k": 0}])


def test_deeply_nested_filter_is_refused(ask: Ask) -> None:
    nested: dict[str, Any] = {"year": 1999}
    for _ in range(500):
        nested = {"not": nested}
    with pytest.raises(RequestError, match="deep"):
        ask({"filter": nested})


WRONG_SIMILAR: list[tuple[Any, str]] = [
    (10**9, "item 1000000000 is not in the index"),
    ("1", "item_id has '1'"),
    ({}, "request 0 has neither an item_id nor an item"),
    ([1, {}], "request 1 has neither"),
    ({"item": {}}, "neither"),
    ({"item": {"titel": "x"}}, "item: unknown column 'titel'; the model's columns are title, year"),
    ({"item": {"title": "x", "year": "soon"}}, "item: column 'year'"),
    ({"item": {"item_id": "x", "title": "x"}}, "item id 'x' is text"),
    ({"item_id": 1, "history": [2]}, "unknown field 'history'"),
]


@pytest.mark.parametrize(("request_", "says"), WRONG_SIMILAR, ids=[s for _, s in WRONG_SIMILAR])
def test_wrong_request_for_similar_items_is_explained(
    sample_stack: Stack, request_: Any, says: str
) -> None:
    with pytest.raises(RequestError) as caught:
        sample_stack.similar()(request_)
    assert says in str(caught.value)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 400)
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from(["Comedy", "Ada Brindle", "F", "include", "gt", "all"])
)
names = st.sampled_from(
    ["year", "genres", "director", "title", "item_id", "and", "or", "not", "gt", "lte", "all"]
)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names | st.text(st.characters(), max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = {
    "user_id": st.integers(1, 500),
    "user": st.dictionaries(st.sampled_from(["gender", "age", "country"]), scalars, max_size=3),
    "history": st.lists(st.integers(1, 400), max_size=10),
    "top_k": st.integers(1, 40),
    "filter": st.dictionaries(names, junk, max_size=2),
    "seen": st.sampled_from(["exclude", "include", "demote"]),
    "exclude": st.lists(st.integers(1, 400), max_size=10),
}
requests = st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(
    {}, optional={name: strategy | junk for name, strategy in fields.items()}
)


@settings(max_examples=150, deadline=None)
@given(request=requests | junk | st.lists(requests, max_size=3))
def test_random_input_gets_a_correct_answer_or_a_clear_error(
    ask: Ask, sample_oracle: Oracle, request: Any
) -> None:
    try:
        answer = ask(request)
    except (RequestError, ConfigError):
        return
    batch = isinstance(request, (list, tuple))
    asked, answers = (request, answer) if batch else ([request], [answer])
    assert len(asked) == len(answers)
    for one, items in zip(asked, answers, strict=True):
        wanted = one if isinstance(one, dict) else {"user_id": one}
        _check(wanted, items, sample_oracle)


def _check(request: dict[str, Any], answer: list[dict[str, Any]], oracle: Oracle) -> None:
    found = [one["item_id"] for one in answer]
    history = request.get("history")
    if history is None:
        history = oracle.histories.get(request.get("user_id"), [])
    seen = request.get("seen", "exclude")
    out = {*request.get("exclude", ()), *(history if seen == "exclude" else ())}
    top_k = request.get("top_k", 10)
    assert len(found) == len(set(found)) <= top_k
    assert not set(found) & out
    if not request.get("filter"):
        assert len(found) == min(top_k, len(set(oracle.items) - out))
    assert [one["rank"] for one in answer] == list(range(1, len(found) + 1))
    last = set(history) if seen == "demote" else set()
    order = [(one["item_id"] in last, -one["score"]) for one in answer]
    assert order == sorted(order)
    for one in answer:
        assert "degraded" not in one
        assert one["title"] == oracle.items[one["item_id"]]["title"]
