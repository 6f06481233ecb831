"""Every value has one code, in every process; missing and new values have their own codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.features import FIRST, MISSING, PADDING, UNKNOWN, Vocabulary
from towhee_recsys.text import label

words = st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=6)))


def test_padding_missing_and_unknown_have_codes() -> None:
    vocabulary = Vocabulary.fit(["red", None, "blue", "red"])
    assert vocabulary.values == ["blue", "red"]
    assert vocabulary.codes(["blue", "red", None, "green"]).tolist() == [
        FIRST,
        FIRST + 1,
        MISSING,
        UNKNOWN,
    ]
    assert len({PADDING, MISSING, UNKNOWN, FIRST}) == 4
    assert vocabulary.size == FIRST + 2
    assert vocabulary.codes([]).dtype == np.int32


@given(words, st.integers(1, 3), st.integers(1, 5))
def test_most_frequent_values_are_kept_in_any_order(
    values: list[str | None], min_count: int, limit: int
) -> None:
    vocabulary = Vocabulary.fit(values, min_count, limit)
    counts = Counter(v for v in values if v is not None)
    frequent = {v for v, n in counts.items() if n >= min_count}
    kept = [str(value) for value in vocabulary.values]
    assert kept == sorted(vocabulary.values, key=str)
    assert set(kept) <= frequent
    assert len(kept) == min(limit, len(frequent))
    least = min((counts[v] for v in kept), default=0)
    assert all(counts[v] <= least for v in frequent - set(kept))
    assert Vocabulary.fit(values[::-1], min_count, limit).values == vocabulary.values


@given(words)
def test_vocabulary_survives_json(values: list[str | None]) -> None:
    vocabulary = Vocabulary.fit(values)
    again = Vocabulary(json.loads(json.dumps(vocabulary.values)))
    queried = [*values, "something else entirely"]
    assert again.codes(queried).tolist() == vocabulary.codes(queried).tolist()
    assert again.size == vocabulary.size


def test_integers_survive_json() -> None:
    ids = Vocabulary(json.loads(json.dumps(Vocabulary([50, 7, -1]).values)))
    assert ids.codes([7, np.int64(50), -1, "7"]).tolist() == [FIRST + 1, FIRST, FIRST + 2, UNKNOWN]


def test_values_must_be_distinct() -> None:
    with pytest.raises(ValueError, match="differ"):
        Vocabulary(["a", "b", "a"])


def test_codes_are_the_same_in_another_process() -> None:
    program = (
        "from towhee_recsys.features import Vocabulary\n"
        "from towhee_recsys.features.columns import LabelsFeature, TextFeature\n"
        "words = 'the dogs and the cats and the birds'.split() * 2\n"
        "print(Vocabulary.fit(words).values)\n"
        "print(TextFeature.fit([' '.join(words), 'cats and dogs']).state())\n"
        "many = {str(i) for i in range(50)}\n"
        "print(LabelsFeature.fit([many]).transform([many]).tolist())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
    assert "birds" in answers.pop()


@pytest.mark.parametrize(
    "value", [25, 25.0, "25", np.int32(25), np.float32(25.0), np.str_("25")], ids=repr
)
def test_equal_values_have_equal_labels(value: object) -> None:
    assert label(value) == "25"


@pytest.mark.parametrize(
    "value", [None, "", float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_missing_values_have_no_label(value: object) -> None:
    assert label(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (np.False_, "false"),
        (2.5, "2.5"),
        (-0.0, "0"),
        (10**20, "1" + "0" * 20),
        ("NaN", "NaN"),
        (" x", " x"),
    ],
)
def test_labels_of_other_values(value: object, text: str) -> None:
    assert label(value) == text
