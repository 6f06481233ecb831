"""Find columns of users and items that teach nothing, or more than they should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.readers.missing import looks_missing
from towhee_recsys.datasets.readers.private import ENOUGH_USERS, NEARLY_UNIQUE
from towhee_recsys.datasets.readers.problems import EXAMPLES, Problem
from towhee_recsys.text import label
from towhee_recsys.types import Role


def labels_that_look_missing(contents: Contents) -> Iterator[Problem]:
    """Labels such as ``?``, which the model learns like any other."""
    for table, name, role, values in _columns(contents):
        if role == "number":
            continue
        found = {text: n for text, n in _counts(values).items() if looks_missing(text)}
        if found:
            several = list(found)[:EXAMPLES]
            wrong = f"{', '.join(map(repr, several))} may stand for missing values"
            remedy = f"If so, write read: {{na: {several}}} for its file."
            count = sum(found.values())
            yield Problem(table, f"{wrong} in {count:,} rows", remedy, name, (), count)


def constant_columns(contents: Contents) -> Iterator[Problem]:
    """Columns that the model reads though all rows are alike."""
    for table, name, role, values in _columns(contents):
        if role == "display":
            continue
        different = len(_counts(values))
        if different < 2:
            wrong = "has the same value in all rows" if different else "has no value in any row"
            remedy = "Nothing is learnt from it; leave it out."
            yield Problem(table, wrong, remedy, name, (), len(values))


def nearly_unique_columns(contents: Contents) -> Iterator[Problem]:
    """Columns of the users that may identify people. No value of them is quoted."""
    for table, name, role, values in _columns(contents):
        if table != "users" or role != "display":  # with another role it was left out
            continue
        known = values.dropna()
        different = known.nunique()
        if len(known) >= ENOUGH_USERS and different >= NEARLY_UNIQUE * len(known):
            wrong = f"has {different:,} values for {len(known):,} users, and may identify people"
            remedy = "It is kept with the users' records; leave it out if nothing needs it."
            yield Problem(table, wrong, remedy, name, (), different)


def _columns(contents: Contents) -> Iterator[tuple[str, str, Role, pd.Series[Any]]]:
    """The table, name, role and values of each column of users and items."""
    for table, columns, frame in (
        ("users", contents.schema.users, contents.users),
        ("items", contents.schema.items, contents.items),
    ):
        for name, column in columns.items():
            yield table, name, column.role, frame[name]


def _counts(values: pd.Series[Any]) -> Counter[str]:
    """How often each value occurs, as the label that the model would learn."""
    flat = values.explode() if values.dtype == object else values
    counts = flat.dropna().value_counts()
    return Counter({text: int(n) for value, n in counts.items() if (text := label(value))})
