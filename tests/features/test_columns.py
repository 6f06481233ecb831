"""Each role of a schema has its arrays, for what is known, missing, unknown or too much."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Schema
from towhee_recsys.errors import DataError
from towhee_recsys.features import FIRST, MISSING, PADDING, UNKNOWN, TableFeatures
from towhee_recsys.features.columns import MAX_LABELS

SCHEMA = Schema.model_validate(
    {
        "items": {
            "director": "categorical",
            "genres": "multi_categorical",
            "title": "text",
            "year": "number",
            "cover": "display",
        }
    }
)
RECORDS: list[dict[str, Any]] = [
    {"director": "Ann", "genres": ["Drama", "Crime"], "title": "The Big Cat", "year": 1990},
    {"director": "Bob", "genres": ["Crime"], "title": "The Cat's big day", "year": 2010},
    {"director": None, "genres": [], "title": None, "year": None, "cover": "c.png"},
]
FITTED = TableFeatures.fit(SCHEMA.items, RECORDS)

ANN, BOB = FIRST, FIRST + 1
CRIME, DRAMA = FIRST, FIRST + 1
BIG, CAT, THE = FIRST, FIRST + 1, FIRST + 2


def test_every_role_but_display_has_an_array() -> None:
    arrays = FITTED.transform(RECORDS)
    assert list(arrays) == ["director", "genres", "title", "year"]
    assert arrays["director"].tolist() == [ANN, BOB, MISSING]
    assert arrays["genres"].tolist() == [[DRAMA, CRIME], [CRIME, PADDING], [MISSING, PADDING]]
    # "s" and "day" occur once, and so say nothing about another item.
    assert arrays["title"].tolist() == [
        [THE, BIG, CAT, PADDING, PADDING],
        [THE, CAT, UNKNOWN, BIG, UNKNOWN],
        [MISSING, PADDING, PADDING, PADDING, PADDING],
    ]
    assert arrays["year"].tolist() == [[-1, 1], [1, 1], [0, 0]]
    assert [a.dtype for a in arrays.values()] == [np.int32, np.int32, np.int32, np.float32]


def test_what_was_not_there_is_unknown() -> None:
    record = {"director": "Eve", "genres": ["Opera", "Crime"], "title": "Zebra"}
    arrays = FITTED.transform([record])
    assert arrays["director"].tolist() == [UNKNOWN]
    assert arrays["genres"].tolist() == [[UNKNOWN, CRIME]]
    assert arrays["title"].tolist() == [[UNKNOWN]]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"director": None, "genres": None, "title": None, "year": None},
        {"director": "", "genres": "", "title": "", "year": ""},
        {"director": pd.NA, "genres": pd.NA, "title": pd.NA, "year": pd.NA},
        {"director": np.nan, "genres": [None, ""], "title": "-- !", "year": np.nan},
    ],
    ids=["absent", "none", "empty", "NA", "nan"],
)
def test_whatever_is_missing_says_so(record: dict[str, Any]) -> None:
    arrays = FITTED.transform([record])
    assert {n: a.tolist() for n, a in arrays.items()} == {
        "director": [MISSING],
        "genres": [[MISSING]],
        "title": [[MISSING]],
        "year": [[0, 0]],
    }


def test_no_records_give_no_rows() -> None:
    assert {n: len(a) for n, a in FITTED.transform([]).items()} == dict.fromkeys(
        ("director", "genres", "title", "year"), 0
    )


def test_words_are_found_without_case_and_accents() -> None:
    features = TableFeatures.fit(Schema(items={"t": "text"}).items, [{"t": "Café Noir"}] * 2)  # type: ignore[dict-item]
    cafe, noir = FIRST, FIRST + 1
    assert features.transform([{"t": "CAFE—noir!"}])["t"].tolist() == [[cafe, noir]]


@pytest.mark.parametrize("many", [list, tuple, set, frozenset, np.array])
def test_labels_come_in_any_container(many: Any) -> None:
    assert FITTED.transform([{"genres": many(["Crime", "Drama"])}])["genres"].tolist() == [
        [CRIME, DRAMA]
    ]


def test_a_single_label_is_a_list_of_one_and_long_lists_are_cut() -> None:
    genres = FITTED.transform([{"genres": "Drama"}, {"genres": ["Crime"] * 99}])["genres"]
    assert genres.shape == (2, MAX_LABELS)
    assert genres[0].tolist() == [DRAMA] + [PADDING] * (MAX_LABELS - 1)


def test_numbers_are_clipped_at_five_deviations() -> None:
    years = FITTED.transform([{"year": y} for y in (2000, "2005", 10**9, -1e300, 2050, True)])
    assert years["year"][:5].tolist() == [[0, 1], [0.5, 1], [5, 1], [-5, 1], [5, 1]]


@pytest.mark.parametrize("values", [[7.0, 7.0], [None, None], []])
def test_numbers_that_never_vary_or_never_occur_are_harmless(values: list[float | None]) -> None:
    features = TableFeatures.fit(
        Schema.model_validate({"items": {"n": "number"}}).items, [{"n": v} for v in values]
    )
    assert features.transform([{"n": v} for v in values])["n"][:, 0].tolist() == [0.0] * len(values)
    assert np.isfinite(features.transform([{"n": 3}])["n"]).all()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("MCMXC", "'MCMXC' is not a number"),
        ([1990], "not a number"),
        (float("inf"), "not finite"),
        (10**400, "not finite"),
    ],
)
def test_what_is_no_number_is_named_with_column_and_row(value: object, reason: str) -> None:
    with pytest.raises(DataError, match="column 'year': record 1: ") as caught:
        FITTED.transform([{"year": 1}, {"year": value}])
    assert reason in str(caught.value)


words = st.text(st.characters(codec="utf-8"), max_size=12)
record = st.fixed_dictionaries(
    {},
    optional={
        "director": st.one_of(st.none(), words, st.integers(), st.booleans(), st.floats()),
        "genres": st.one_of(st.none(), words, st.lists(words, max_size=4)),
        "title": st.one_of(st.none(), words),
        "year": st.one_of(
            st.none(),
            st.integers(-(10**9), 10**9),
            st.floats(allow_infinity=False, min_value=-1e100, max_value=1e100),
        ),
    },
)


@given(st.lists(record, max_size=5), st.lists(record, max_size=3))
def test_loaded_features_equal_those_that_were_fitted(
    records: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    fitted = TableFeatures.fit(SCHEMA.items, records)
    loaded = TableFeatures.load(json.loads(json.dumps(fitted.state())))
    assert loaded.state() == fitted.state()
    expected = fitted.transform([*records, *others])
    found = loaded.transform([*records, *others])
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
        assert len(array) == len(records) + len(others)
        assert array.dtype == np.float32 or array.min(initial=0) >= 0
    # What was there when the features were fitted is never unknown, once-seen words aside.
    seen = fitted.transform(records)
    assert not (seen["director"] == UNKNOWN).any()
    assert not (seen["genres"] == UNKNOWN).any()
    assert np.isfinite(seen["year"]).all()
