"""Filters against a real Milvus, and what they mean in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from towhee_recsys.errors import RequestError
from towhee_recsys.stores.filters.attributes import as_label, column_name, field_name, stored_value
from towhee_recsys.stores.filters.expressions import NOTHING, compile_filter
from towhee_recsys.stores.filters.matching import matches as library_matches
from towhee_recsys.stores.vectors.milvus import MilvusStore
from towhee_recsys.testing.vectors import ladder
from towhee_recsys.text import label
from towhee_recsys.types import Role

COLUMNS: dict[str, Role] = {
    "lang": "categorical",
    "genres": "multi_categorical",
    "year": "number",
    "not": "categorical",
}

TEXTS = [
    "",
    "a",
    "A",
    'a"',
    "a'",
    "a\\",
    '"] or item_id >= 0 or lang in ["',
    "\n",
    "\t\r",
    "é",
    "😀",
]
TEXTS += [
    "\u2028",
    "\x00",
    "\x7f",
    "a or b",
    "%",
    "_",
    "{x}",
    "$meta",
    "\\n",
    "\\u0041",
    "5",
    "<NA>",
    "NaT",
    "x" * 1500,
]
NUMBERS = [0, -1, 5, 5.5, 1e-300, -1e300, 1994, 2**53, 1e22]

texts = st.sampled_from(TEXTS) | st.text(max_size=5)
numbers = st.sampled_from(NUMBERS) | st.floats(-1e307, 1e307) | st.integers(-(10**20), 10**20)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, max_size=3)


conditions = st.one_of(
    st.builds(lambda v: {"lang": v}, some(texts | st.just(5) | st.just(5.0))),
    st.builds(lambda v: {"not": v}, texts),
    st.builds(lambda v: {"year": v}, some(numbers)),
    st.builds(
        lambda v: {"year": v},
        st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), numbers, min_size=1),
    ),
    st.builds(lambda v: {"genres": v}, some(texts)),
    st.builds(lambda v: {"genres": {"all": v}}, some(texts)),
)
filters: st.SearchStrategy[dict[str, Any]] = st.recursive(
    conditions | st.just({}),
    lambda inner: st.one_of(
        st.builds(lambda v: {"and": v}, st.lists(inner, max_size=3)),
        st.builds(lambda v: {"or": v}, st.lists(inner, max_size=3)),
        st.builds(lambda v: {"not": v}, inner),
        st.builds(lambda v, w: {**v, **w}, inner, inner),
    ),
    max_leaves=6,
)


MISSING = {"", "<NA>", "NaT"}


def matches(filter: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return all(_holds(name, wanted, record) for name, wanted in filter.items())


def _holds(name: str, wanted: Any, record: Mapping[str, Any]) -> bool:
    if name == "and":
        return all(matches(one, record) for one in wanted)
    if name == "or":
        return any(matches(one, record) for one in wanted)
    if name == "not" and isinstance(wanted, dict):
        return not matches(wanted, record)
    value = record.get(name)
    several = wanted if isinstance(wanted, list) else [wanted]
    if name == "genres":
        if isinstance(wanted, dict):
            every = wanted["all"] if isinstance(wanted["all"], list) else [wanted["all"]]
            return set(every) <= set(value or []) - MISSING
        return bool(set(several) & (set(value or []) - MISSING))
    if value is None or value in MISSING:
        return False
    if name == "year":
        if isinstance(wanted, dict):
            tests = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}
            return all(getattr(float(value), tests[k])(float(v)) for k, v in wanted.items())
        return float(value) in map(float, several)
    return value in ["5" if one == 5 else one for one in several]


def records() -> list[dict[str, Any]]:
    rows = []
    for number in range(60):
        rows.append(
            {
                "item_id": number,
                "lang": [None, *TEXTS][number % (len(TEXTS) + 1)],
                "not": TEXTS[(number * 7) % len(TEXTS)],
                "genres": [TEXTS[(number * k) % len(TEXTS)] for k in range(number % 4)],
                "year": [None, *NUMBERS][number % (len(NUMBERS) + 1)],
            }
        )
    return rows


@pytest.fixture(scope="module", params=["lite", "milvus_server_uri"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MilvusStore]:
    uri = str(tmp_path_factory.mktemp("filters") / "milvus.db")
    if request.param != "lite":
        uri = request.getfixturevalue(request.param)
    store = MilvusStore(uri, alias="filters")
    name = store.create("aa11aa11", int, COLUMNS)
    store.write(name, records(), ladder(60))
    store.finish(name, range(60))
    store.publish(name)
    yield store
    store.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(filter=filters)
def test_milvus_and_plain_python_agree(store: MilvusStore, filter: dict[str, Any]) -> None:
    expected = {row["item_id"] for row in records() if matches(filter, row)}
    assert store.matching(range(60), "aa11aa11", filter) == expected


@given(filter=filters)
def test_a_record_passes_here_as_it_does_there(filter: dict[str, Any]) -> None:
    for row in records():
        assert library_matches(row, filter, COLUMNS) == matches(filter, row)


@given(st.text(max_size=20).filter(lambda name: len(field_name(name)) < 255))
def test_field_names_lead_back_to_columns(column: str) -> None:
    assert column_name(field_name(column)) == column
    assert field_name(column).isascii()
    assert field_name(column).isidentifier()


def test_plain_names_stay() -> None:
    assert [field_name(name) for name in ("genres", "release_year", "Tag2")] == [
        "genres",
        "release_year",
        "Tag2",
    ]


@given(st.text(max_size=3_000), st.text(max_size=3_000))
def test_labels_stay_apart(left: str, right: str) -> None:
    missing = left in MISSING and right in MISSING
    assert (as_label(left) == as_label(right)) == (left == right or missing)
    assert len((as_label(left * 5) or "").encode()) <= 1024


@given(st.none() | st.booleans() | st.floats() | st.integers() | st.text())
def test_a_label_is_what_it_is_everywhere(value: Any) -> None:
    assert stored_value("categorical", value) == (label(value) or "")
    assert stored_value("multi_categorical", [value]) == ([label(value)] if label(value) else [])


@pytest.mark.parametrize("value", ["", "<NA>", "NaT", float("nan"), np.float32("nan")])
def test_a_missing_label_matches_nothing(value: Any) -> None:
    items = [{"lang": value, "genres": [value]}, {"lang": None, "genres": []}]
    for condition in ({"lang": value}, {"genres": value}, {"genres": {"all": [value]}}):
        assert compile_filter(condition, COLUMNS) == NOTHING
        assert not any(library_matches(item, condition, COLUMNS) for item in items)
    assert compile_filter({"lang": [value, "a"]}, COLUMNS) == 'lang in ["a"]'


@pytest.mark.parametrize(
    ("filter", "message"),
    [
        (
            {"taste": 1},
            "unknown column 'taste'. Known are: genres (multi_categorical), lang",
        ),
        ({"year": "1994"}, "filter on 'year': '1994' is not a number"),
        ({"year": True}, "True is not a number"),
        ({"year": None}, "None is not a number"),
        ({"year": float("nan")}, "nan is not a number"),
        ({"year": {"gte": float("inf")}}, "inf is not a number"),
        ({"year": 10**400}, "is not a number"),
        ({"year": {"around": 1990}}, "unknown condition {'around': 1990}"),
        ({"year": {}}, "unknown condition {}"),
        ({"year": {"all": [1]}}, "unknown condition"),
        ({"year": [[1]]}, "[1] is not a number"),
        ({"lang": {"gt": "a"}}, "unknown condition"),
        ({"lang": None}, "None is not a label"),
        ({"lang": [["a"]]}, "['a'] is not a label"),
        ({"lang": "\ud800"}, "filter on 'lang'"),
        ({"genres": {"any": ["a"]}}, "unknown condition"),
        ({"genres": {"all": ["a"], "any": ["b"]}}, "unknown condition"),
        ({"and": {"year": 1}}, "filter 'and' takes a list of filters"),
        ({"or": [1]}, "a filter is a dict of conditions, not 1"),
        ([], "a filter is a dict"),
        ({1: 2}, "unknown column 1"),
    ],
)
def test_what_is_wrong_is_said(filter: Any, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        compile_filter(filter, COLUMNS)
    assert message in str(caught.value)


def test_no_filter_is_nested_without_end() -> None:
    nested: dict[str, Any] = {"lang": "a"}
    for _ in range(2_000):
        nested = {"and": [nested]}
    with pytest.raises(RequestError, match="deep"):
        compile_filter(nested, COLUMNS)


def test_numpy_is_no_way_in() -> None:
    with pytest.raises(RequestError):
        compile_filter({"year": np.array([1])}, COLUMNS)


def test_numpy_s_numbers_count_as_python_s() -> None:
    given = {"or": [{"year": {"gte": np.int64(1990)}}, {"year": [np.float32(7), np.int8(1)]}]}
    plain = {"or": [{"year": {"gte": 1990}}, {"year": [7.0, 1]}]}
    given["or"].append({"lang": np.str_("a")})
    plain["or"].append({"lang": "a"})
    assert compile_filter(given, COLUMNS) == compile_filter(plain, COLUMNS)
    assert library_matches({"year": np.int64(1995)}, given, COLUMNS)
