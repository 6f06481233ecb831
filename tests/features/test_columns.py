"""Each role of a schema has its arrays, for known, missing, unknown and extreme values."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from decimal import Decimal
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


def test_every_role_except_display_has_an_array() -> None:
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


def test_new_values_are_unknown() -> None:
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
def test_missing_values_are_missing(record: dict[str, Any]) -> None:
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


def test_words_ignore_case_and_accents() -> None:
    schema = Schema.model_validate({"items": {"t": "text"}})
    features = TableFeatures.fit(schema.items, [{"t": "Café Noir"}] * 2)
    cafe, noir = FIRST, FIRST + 1
    assert features.transform([{"t": "CAFE—noir!"}])["t"].tolist() == [[cafe, noir]]


@pytest.mark.parametrize("many", [list, tuple, set, frozenset, np.array])
def test_labels_may_be_in_any_container(many: Any) -> None:
    assert FITTED.transform([{"genres": many(["Crime", "Drama"])}])["genres"].tolist() == [
        [CRIME, DRAMA]
    ]


def test_single_label_is_a_list_and_long_lists_are_cut() -> None:
    genres = FITTED.transform([{"genres": "Drama"}, {"genres": ["Crime"] * 99}])["genres"]
    assert genres.shape == (2, MAX_LABELS)
    assert genres[0].tolist() == [DRAMA] + [PADDING] * (MAX_LABELS - 1)


def test_numbers_are_clipped_at_five_deviations() -> None:
    years = FITTED.transform([{"year": y} for y in (2000, "2005", 10**9, -1e300, 2050, True)])
    assert years["year"][:5].tolist() == [[0, 1], [0.5, 1], [5, 1], [-5, 1], [5, 1]]


@pytest.mark.parametrize("values", [[7.0, 7.0], [None, None], []])
def test_constant_or_missing_columns_of_numbers(values: list[float | None]) -> None:
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
def test_wrong_number_is_reported_with_column_and_row(value: object, reason: str) -> None:
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
def test_loaded_features_equal_fitted_ones(
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


def _label(value: Any) -> str | None:
    """What `label` says, case by case."""
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return None if str(value) in ("", "<NA>", "NaT") else str(value)


def _labels(value: Any) -> list[str]:
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    items = value if isinstance(value, (list, tuple, np.ndarray)) else [value]
    return [text for text in map(_label, items) if text is not None]


def _words(value: Any) -> list[str]:
    text = unicodedata.normalize("NFKD", _label(value) or "").casefold()
    return re.findall(r"[^\W_]+", "".join(c for c in text if not unicodedata.combining(c)))


def _rows(lists: list[list[str]], vocabulary: list[str]) -> list[list[int]]:
    """Codes, one list after the other, padded with zeros."""
    codes = [
        [FIRST + vocabulary.index(t) if t in vocabulary else UNKNOWN for t in texts[:MAX_LABELS]]
        or [MISSING]
        for texts in lists
    ]
    width = max(map(len, codes), default=1)
    return [row + [PADDING] * (width - len(row)) for row in codes]


texts = st.one_of(
    st.sampled_from(["Crime", "25", "true", "NaT", "<NA>", "ÉCLAIR", "The Cat's big Día", "ß İ ǆ"]),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.text(st.characters(max_codepoint=127), max_size=12),
)
scalars = st.one_of(
    st.sampled_from([None, pd.NA, pd.NaT, np.nan, True, False, np.True_, Decimal("2.50")]),
    st.integers(),
    st.integers(-100, 100).map(np.int64),
    st.floats(),
    st.floats(width=32).map(np.float32),
    texts,
    texts.map(np.str_),
    st.binary(max_size=3),
)
lists = st.lists(scalars, max_size=2 * MAX_LABELS)
values = st.one_of(
    scalars,
    lists,
    lists.map(tuple),
    st.sets(texts, max_size=5),
    st.frozensets(texts, max_size=5),
    st.lists(texts, max_size=5).map(np.array),
    st.lists(st.floats(), max_size=5).map(np.array),
)


@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_codes_equal_plain_loops(known: list[Any], values: list[Any]) -> None:
    columns = Schema.model_validate(
        {"items": {"one": "categorical", "many": "multi_categorical", "words": "text"}}
    ).items
    features = TableFeatures.fit(columns, [dict.fromkeys(columns, v) for v in known])
    one, many, words = (f["values"] for f in features.state().values())
    assert one == sorted({t for t in map(_label, known) if t is not None})
    assert many == sorted({t for v in known for t in _labels(v)[:MAX_LABELS]})
    occurring = [t for v in known for t in set(_words(v)[:MAX_LABELS])]
    assert words == sorted({t for t in occurring if occurring.count(t) > 1})

    found = features.transform([dict.fromkeys(columns, v) for v in values])
    labels = [[] if (t := _label(v)) is None else [t] for v in values]
    assert found["one"].tolist() == [row[0] for row in _rows(labels, one)]
    assert found["many"].tolist() == _rows([_labels(v) for v in values], many)
    assert found["words"].tolist() == _rows([_words(v) for v in values], words)
    assert {a.dtype for a in found.values()} == {np.dtype(np.int32)}


numbers = st.one_of(
    st.sampled_from([None, pd.NA, pd.NaT, "", True, np.True_, " 7 ", "nan", Decimal("2.5")]),
    st.integers(-(10**30), 10**30),
    st.integers(-100, 100).map(np.int64),
    st.floats(allow_infinity=False),
    st.floats(width=32, allow_infinity=False).map(np.float32),
    st.floats(allow_infinity=False).map(str),
    # What is refused.
    st.sampled_from(["x", math.inf, 10**400, [1], np.float32("-inf"), b"x"]),
)


@given(
    st.one_of(
        st.lists(numbers, max_size=6),
        st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats()), max_size=6),
    ),
    st.floats(-10, 10),
    st.floats(0.125, 10),
)
def test_numbers_equal_a_plain_loop(values: list[Any], mean: float, std: float) -> None:
    features = TableFeatures.load({"n": {"role": "number", "mean": mean, "std": std}})
    expected: list[tuple[float, float]] = []
    for i, value in enumerate(values):
        if _label(value) is None or str(value) == "nan":
            expected.append((0, 0))
            continue
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.inf
        if math.isinf(number):
            with pytest.raises(DataError, match=f"column 'n': record {i}: ") as caught:
                features.transform([{"n": v} for v in values])
            assert repr(value) in str(caught.value)
            return
        expected.append((min(max((number - mean) / std, -5), 5), 1))
    found = features.transform([{"n": v} for v in values])["n"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(expected, np.float32).reshape(-1, 2))
