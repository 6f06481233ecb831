"""Turn columns of records into arrays, with one kind of feature for each role of a schema."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import filterfalse
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.schema import Column
from towhee_recsys.errors import DataError
from towhee_recsys.features.vocabulary import PADDING, Vocabulary
from towhee_recsys.text import label
from towhee_recsys.types import Role

Array: TypeAlias = NDArray[Any]

MAX_LABELS = 32
"""Labels or words that are read from one value; the rest is left out."""

_NOTHING = (None,)
"""The labels of a missing value."""

_PLAIN = {type(None), bool, int, float}
"""Types that NumPy converts as `_number` does."""

_WORD = re.compile(r"[^\W_]+")
_ASCII_WORDS = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
"""For `str.translate`: turns ASCII text into its `_WORD`s in lower case, separated by spaces."""


@dataclass(frozen=True)
class LabelFeature:
    """``categorical``: the code of one label, ``(N,)`` int32."""

    role: ClassVar[Role] = "categorical"
    vocabulary: Vocabulary

    @classmethod
    def fit(cls, values: Iterable[object]) -> LabelFeature:
        return cls(Vocabulary.fit(map(label, values)))

    def transform(self, values: Iterable[object]) -> Array:
        return self.vocabulary.codes(map(label, values))

    def state(self) -> dict[str, Any]:
        return {"role": self.role, "values": self.vocabulary.values}


@dataclass(frozen=True)
class LabelsFeature:
    """``multi_categorical``: the codes of a list of labels, ``(N, W)`` int32 padded on the right.

    A value that is not a list counts as a list of one.
    """

    role: ClassVar[Role] = "multi_categorical"
    vocabulary: Vocabulary

    @staticmethod
    def split(value: object) -> list[str]:
        if isinstance(value, (set, frozenset)):
            value = sorted(value, key=str)  # the same order in every process
        items = value if isinstance(value, (list, tuple, np.ndarray)) else [value]
        return [text for text in map(label, items) if text is not None][:MAX_LABELS]

    @classmethod
    def fit(cls, values: Iterable[object]) -> LabelsFeature:
        return cls(Vocabulary.fit(text for value in values for text in cls.split(value)))

    def transform(self, values: Iterable[object]) -> Array:
        return _padded(self.vocabulary, map(self.split, values))

    def state(self) -> dict[str, Any]:
        return {"role": self.role, "values": self.vocabulary.values}


@dataclass(frozen=True)
class TextFeature:
    """``text``: the codes of words, ``(N, W)`` int32 padded on the right.

    A word is a run of letters and digits, without case and accents. The vocabulary leaves out words
    that occur in one record only, since they say nothing about other items.
    """

    role: ClassVar[Role] = "text"
    vocabulary: Vocabulary

    @staticmethod
    def split(value: object) -> list[str]:
        text = label(value) or ""
        if text.isascii():  # no accents; several times as fast
            return text.translate(_ASCII_WORDS).split()[:MAX_LABELS]
        text = unicodedata.normalize("NFKD", text).casefold()
        bare = "".join(filterfalse(unicodedata.combining, text))
        return _WORD.findall(bare)[:MAX_LABELS]

    @classmethod
    def fit(cls, values: Iterable[object]) -> TextFeature:
        words = (word for value in values for word in set(cls.split(value)))
        return cls(Vocabulary.fit(words, min_count=2))

    def transform(self, values: Iterable[object]) -> Array:
        return _padded(self.vocabulary, map(self.split, values))

    def state(self) -> dict[str, Any]:
        return {"role": self.role, "values": self.vocabulary.values}


@dataclass(frozen=True)
class NumberFeature:
    """``number``: a quantity as ``(N, 2)`` float32.

    The first number is the distance from the mean in standard deviations, from -5 to 5; the second
    is 1. Both are 0 if the value is missing.
    """

    role: ClassVar[Role] = "number"
    mean: float
    std: float

    @classmethod
    def fit(cls, values: Sequence[object]) -> NumberFeature:
        numbers = _numbers(values)
        known = numbers[~np.isnan(numbers)]
        if not len(known):
            return cls(0.0, 1.0)
        return cls(float(known.mean()), float(known.std()) or 1.0)

    def transform(self, values: Sequence[object]) -> Array:
        z = (_numbers(values) - self.mean) / self.std
        known = ~np.isnan(z)
        array = np.empty((len(z), 2), np.float32)
        array[:, 0] = np.where(known, np.minimum(np.maximum(z, -5), 5), 0)
        array[:, 1] = known
        return array

    def state(self) -> dict[str, Any]:
        return {"role": self.role, "mean": self.mean, "std": self.std}


Feature: TypeAlias = "LabelFeature | LabelsFeature | TextFeature | NumberFeature"

_BY_ROLE: dict[Role, type[LabelFeature | LabelsFeature | TextFeature | NumberFeature]] = {
    kind.role: kind for kind in (LabelFeature, LabelsFeature, TextFeature, NumberFeature)
}


class TableFeatures:
    """All features of one table. They turn records into a dict of arrays by column."""

    def __init__(self, features: Mapping[str, Feature]) -> None:
        self.features = dict(features)

    @classmethod
    def fit(
        cls, columns: Mapping[str, Column], records: Sequence[Mapping[str, Any]]
    ) -> TableFeatures:
        """Fit a feature to each column except those with the role ``display``.

        Args:
            columns: the schema's columns of this table.
            records: the rows of the table.
        """
        kinds = {name: _BY_ROLE.get(column.role) for name, column in columns.items()}
        return cls(
            {
                name: kind.fit([record.get(name) for record in records])
                for name, kind in kinds.items()
                if kind
            }
        )

    def transform(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
        """Turn N records into arrays of N rows, by column. An absent key counts as missing.

        Raises:
            DataError: a number is not a number; the message names the row and the column.
        """
        return {
            name: _named(name, feature, [record.get(name) for record in records])
            for name, feature in self.features.items()
        }

    def state(self) -> dict[str, Any]:
        """The features as data that JSON can hold, for `load`."""
        return {name: feature.state() for name, feature in self.features.items()}

    @classmethod
    def load(cls, state: Mapping[str, Mapping[str, Any]]) -> TableFeatures:
        """The features that `state` returned."""
        return cls({name: _load(feature) for name, feature in state.items()})


def _load(state: Mapping[str, Any]) -> Feature:
    kind = _BY_ROLE[state["role"]]
    if issubclass(kind, NumberFeature):
        return kind(float(state["mean"]), float(state["std"]))
    return kind(Vocabulary(state["values"]))


def _named(name: str, feature: Feature, values: list[object]) -> Array:
    try:
        return feature.transform(values)
    except (
        ValueError,
        OverflowError,
    ) as exc:  # an integer may be too large for a float, or for text
        raise DataError(f"column '{name}': {exc}") from exc


def _padded(vocabulary: Vocabulary, rows: Iterable[list[str]]) -> Array:
    """The codes of N lists of labels, ``(N, W)`` int32. An empty list becomes `MISSING`."""
    labels: list[str | None] = []
    lengths: list[int] = []
    for row in rows:
        labels.extend(row or _NOTHING)
        lengths.append(len(row) or 1)
    codes = vocabulary.codes(labels)
    shape = len(lengths), max(lengths, default=1)
    if len(codes) == shape[0] * shape[1]:  # nothing to pad, as with a single record
        return codes.reshape(shape)
    padded = np.full(shape, PADDING, dtype=np.int32)
    padded[np.arange(shape[1]) < np.array(lengths)[:, None]] = codes
    return padded


def _numbers(values: Sequence[object]) -> NDArray[np.float64]:
    """``(N,)`` float64, NaN if missing."""
    if _PLAIN.issuperset(map(type, values)):
        with suppress(OverflowError):  # `_number` then names the row
            numbers = np.array(values, dtype=np.float64)
            if not np.isinf(numbers).any():
                return numbers
    return np.array([_number(i, value) for i, value in enumerate(values)], dtype=np.float64)


def _number(row: int, value: Any) -> float:
    text = label(value)
    if text is None:
        return float("nan")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(f"record {row}: {value!r} is not a number; give one, or null") from None
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise DataError(f"record {row}: {value!r} is not finite; give a number, or null")
    return number
