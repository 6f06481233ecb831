"""Hold a table as `init` saw it: how often each value of a column occurs, and how it is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["labels", "time", "number", "flag", "text", "other"]
"""What the file says a column holds: lists of labels, moments, numbers, true or false, text that
may be any of these, or something else."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_NUMBER = re.compile(r"[+-]?(\d+([.]\d*)?|[.]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class SeenColumn:
    """A column of a table."""

    name: str
    kind: Kind
    counts: Counter[str]
    """How often each value occurs, as text and without missing ones; labels one by one."""
    rows: int
    """Of the table."""
    decimal: str = "."

    @property
    def distinct(self) -> set[str]:
        """The different values."""
        return set(self.counts)

    @cached_property
    def filled(self) -> int:
        """How many values there are."""
        return self.counts.total()

    @property
    def is_key(self) -> bool:
        """Whether every row has a value of its own."""
        return self.kind in ("text", "number") and len(self.counts) == self.rows > 0

    @cached_property
    def numbers(self) -> NDArray[np.float64] | None:
        """The different values as numbers, ascending; None unless all of them are numbers."""
        texts = [text.strip().replace(self.decimal, ".") for text in self.counts]
        if self.kind not in ("text", "number") or not texts:
            return None
        if not all(map(_NUMBER.fullmatch, texts)):
            return None
        return np.sort(np.array(texts, np.float64))

    @property
    def words(self) -> list[str]:
        """The words of the name."""
        return words(self.name)


@dataclass(frozen=True, eq=False)
class SeenTable:
    """A file with a table in it, or several files with one."""

    path: str
    """As the description will have it."""
    rows: int
    columns: Mapping[str, SeenColumn]
    read: Mapping[str, Any] = field(default_factory=dict)
    """The settings of `read` that it needs."""
    values: Any = None
    """A `pyarrow.Table` of the rows that were looked at."""
    whole: bool = True
    """False if these are only the first ones."""
    notes: tuple[str, ...] = ()
    """What the settings were taken from."""

    def pairs(self, one: str, other: str) -> int:
        """How many different pairs of values two columns have."""
        return int(self.values.select([one, other]).group_by([one, other]).aggregate([]).num_rows)

    @property
    def words(self) -> list[str]:
        """The words of the file's name."""
        return words(PurePosixPath(self.path).name.split(".")[0])


def words(name: str) -> list[str]:
    """The words of a name in lower case and in the singular: ``userId`` has ``user`` and ``id``."""
    return [_singular(word.lower()) for word in _WORDS.findall(name)]


def bare(name: str) -> str:
    """A name without case, underscores, hyphens and spaces."""
    return "".join(c for c in name.lower() if c.isalnum())


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word
