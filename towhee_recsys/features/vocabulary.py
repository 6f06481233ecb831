"""Give values small integer codes, by a table that is fitted once and saved with the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

PADDING = 0
"""Fills lists of different lengths up."""
MISSING = 1
"""The record has no value here."""
UNKNOWN = 2
"""The record has a value that was not there when the vocabulary was fitted."""
FIRST = 3
"""The code of a vocabulary's first value."""


class Vocabulary:
    """Gives its values the codes from `FIRST` on, in the given order; other values are `UNKNOWN`.

    Codes are int32 in ``[0, size)``. Nothing is hashed, so a value has the same code in every
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
        """Keep the `limit` most frequent of the `values` that occur at least `min_count` times.

        They are in alphabetical order, so that the order of the table's rows does not matter.
        """
        counts = Counter(value for value in values if value is not None)
        kept = sorted(
            (v for v, n in counts.items() if n >= min_count), key=lambda v: (-counts[v], v)
        )
        return cls(sorted(kept[:limit]))

    @property
    def size(self) -> int:
        """How many codes there are, the reserved ones included."""
        return FIRST + len(self.values)

    def code(self, value: Hashable | None) -> int:
        """The code of one value."""
        return self._codes.get(value, UNKNOWN)

    def codes(self, values: Iterable[Hashable | None]) -> NDArray[np.int32]:
        """The codes of N values, ``(N,)`` int32."""
        return np.fromiter(map(self._codes.get, values, repeat(UNKNOWN)), dtype=np.int32)
