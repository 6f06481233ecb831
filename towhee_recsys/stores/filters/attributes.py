"""Translate columns and their values to what Milvus holds for filters, and back."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np

from towhee_recsys.text import label, shown
from towhee_recsys.types import Role

Stored: TypeAlias = "str | float | list[str]"

FILTERABLE: tuple[Role, ...] = ("categorical", "multi_categorical", "number")
"""Roles of the columns that filters can use."""

LABEL_BYTES = 1024
LABELS_CAPACITY = 1024
"""Labels of one item in one column."""

NUMBER_LIMIT = 1e308
"""Numbers lie strictly between this and its negative."""

MISSING_NUMBER = -NUMBER_LIMIT
"""Held for a missing number: Milvus 2.3 has no null, and later versions refuse NaN."""

MISSING_LABEL = ""
"""Held for a missing label. No label is an empty text."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_ESCAPED = re.compile(r"_([0-9a-f]+)_")
_PREFIX = "x_"
_TAKEN = {"item_id", "vector", "count", "and", "or", "not", "in", "like", "is", "null", "exists"}
_TAKEN |= {"empty", "true", "false", "iso", "interval", "text_match", "phrase_match"}
_TAKEN |= {"array_contains", "array_contains_all", "array_contains_any", "array_length"}
_TAKEN |= {"json_contains", "json_contains_all", "json_contains_any", "random_sample"}


class _Column(Protocol):
    @property
    def role(self) -> Role: ...


def filterable(columns: Mapping[str, _Column]) -> dict[str, Role]:
    """The roles of those columns that filters can use. Words, and what is only shown, are not
    among them."""
    return {name: column.role for name, column in columns.items() if column.role in FILTERABLE}


def field_name(column: str) -> str:
    """The Milvus field of a column. It has the column's name if Milvus allows that and gives it no
    meaning, else ``x_`` and the name with every character but letters and digits as ``_<hex>_``."""
    plain = _PLAIN.fullmatch(column) and not column.startswith(_PREFIX)
    if plain and column.lower() not in _TAKEN:
        return column
    return _PREFIX + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", column)


def column_name(field: str) -> str:
    """The column of a Milvus field: the inverse of `field_name`."""
    if not field.startswith(_PREFIX):
        return field
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), field.removeprefix(_PREFIX))


def stored_value(role: Role, value: Any) -> Stored:
    """What Milvus holds for a record's value. A missing label in a list of labels is left out.

    Raises:
        ValueError: the value does not fit a column of this role.
    """
    if role == "multi_categorical":
        values = [value] if isinstance(value, str) or value is None else list(value)
        labels = [text for one in values if one is not None and (text := as_label(one))]
        if len(labels) > LABELS_CAPACITY:
            raise ValueError(f"{len(labels)} labels are more than {LABELS_CAPACITY}")
        return labels
    if role == "categorical":
        return MISSING_LABEL if value is None else as_label(value) or MISSING_LABEL
    missing = value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))
    return MISSING_NUMBER if missing else as_number(value)


def as_label(value: Any) -> str | None:
    """A label's text as `towhee_recsys.text.label` defines it, or None if the label is missing. A
    text beyond `LABEL_BYTES` is cut, and ends in a digest of the whole text.

    Raises:
        ValueError: the value is neither a text, nor a number, nor true or false.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{shown(value)} is not a label: give a text")
    text = label(value)
    if text is None:
        return None
    raw = text.encode()
    if len(raw) <= LABEL_BYTES:
        return raw.decode()
    digest = "…" + hashlib.sha256(raw).hexdigest()
    return raw[: LABEL_BYTES - len(digest.encode())].decode(errors="ignore") + digest


def as_number(value: Any) -> float:
    """A finite float strictly within `NUMBER_LIMIT`; ValueError for everything else."""
    if isinstance(value, np.generic):
        value = value.item()
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and -NUMBER_LIMIT < value < NUMBER_LIMIT:
        return float(value) + 0.0  # -0.0 becomes 0.0, as Milvus Lite tells them apart
    raise ValueError(f"{shown(value)} is not a number")
