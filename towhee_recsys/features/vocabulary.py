"""Values → small integers, by a table that is fitted once and saved with the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

PADDING = 0
"""Fills up lists of unequal length; its embedding is always zero."""
MISSING = 1
"""The record says nothing here."""
UNKNOWN = 2
"""The record says something that was not there when the vocabulary was fitted."""
FIRST = 3
"""Code of the first value of a vocabulary."""


class Vocabulary:
    """Gives each of its values a code, from `FIRST` on in the order given; all else is `UNKNOWN`.

    Codes are int32 in ``[0, size)``. Nothing is hashed: the same value has the same code in every
    process that loads the vocabulary.
    """

    def __init__(self, values: Sequence[Hashable]) -> None:
        self.values = list(values)
        self._codes = {value: code for code, value in enumerate(self.values, FIRST)}
        if len(self._codes) != len(self.values):
            raise ValueError("a vocabulary's values must differ from each other")
        self._codes[None] = MISSING

    @classmethod
    def fit(
        cls, values: Iterable[str | None], min_count: int = 1, limit: int = 50_000
    ) -> Vocabulary:
        """The `limit` most frequent of `values` that occur `min_count` times or more, in
        alphabetical order, so that the order of the table's rows does not matter."""
        counts = Counter(value for value in values if value is not None)
        kept = sorted(
            (v for v, n in counts.items() if n >= min_count), key=lambda v: (-counts[v], v)
        )
        return cls(sorted(kept[:limit]))

    @property
    def size(self) -> int:
        """Codes in use, the reserved ones included."""
        return FIRST + len(self.values)

    def code(self, value: Hashable | None) -> int:
        """One value's code."""
        return self._codes.get(value, UNKNOWN)

    def codes(self, values: Iterable[Hashable | None]) -> NDArray[np.int32]:
        """``(N,)`` int32 codes of N values."""
        return np.fromiter(map(self._codes.get, values, repeat(UNKNOWN)), dtype=np.int32)
