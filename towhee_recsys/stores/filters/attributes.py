"""Item columns and their values become what Milvus holds for filters, and back again."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any, TypeAlias

import numpy as np

from towhee_recsys.stores.base import AttributeType
from towhee_recsys.text import shown

Stored: TypeAlias = "str | float | list[str]"

LABEL_BYTES = 1024
LABELS_CAPACITY = 1024
"""Labels of one item in one column."""

NUMBER_LIMIT = 1e308
"""Numbers lie strictly between this and its negative."""

MISSING_NUMBER = -NUMBER_LIMIT
"""Held for a number that is not there: Milvus 2.3 has no null, and later ones refuse NaN."""

MISSING_LABEL = ""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_ESCAPED = re.compile(r"_([0-9a-f]+)_")
_PREFIX = "x_"
_TAKEN = {"item_id", "vector", "count", "and", "or", "not", "in", "like", "is", "null", "exists"}
_TAKEN |= {"empty", "true", "false", "iso", "interval", "text_match", "phrase_match"}
_TAKEN |= {"array_contains", "array_contains_all", "array_contains_any", "array_length"}
_TAKEN |= {"json_contains", "json_contains_all", "json_contains_any", "random_sample"}


def field_name(column: str) -> str:
    """The Milvus field of a column: its own name where Milvus allows it and means nothing by it,
    else ``x_`` and the name with every character but letters and digits as ``_<hex>_``."""
    plain = _PLAIN.fullmatch(column) and not column.startswith(_PREFIX)
    if plain and column.lower() not in _TAKEN:
        return column
    return _PREFIX + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", column)


def column_name(field: str) -> str:
    """The column of a Milvus field: `field_name` the other way."""
    if not field.startswith(_PREFIX):
        return field
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), field.removeprefix(_PREFIX))


def stored_value(kind: AttributeType, value: Any) -> Stored:
    """What Milvus holds for a record's value. None and NaN count as missing, and so does an empty
    text but among labels, of which it is one.

    Raises:
        ValueError: the value is not of this kind.
    """
    if kind == "labels":
        values = [value] if isinstance(value, str) or value is None else list(value)
        labels = [as_label(one) for one in values if not is_missing(one)]
        if len(labels) > LABELS_CAPACITY:
            raise ValueError(f"{len(labels)} labels are more than {LABELS_CAPACITY}")
        return labels
    if is_missing(value):
        return MISSING_LABEL if kind == "label" else MISSING_NUMBER
    return as_label(value) if kind == "label" else as_number(value)


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def as_label(value: Any) -> str:
    """A label's text. Whole numbers are written without a fraction, so that 3 and 3.0 are one
    label; a text beyond `LABEL_BYTES` is cut and ends in a digest of the whole.

    Raises:
        ValueError: neither a text, nor a number, nor true or false.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{shown(value)} is not a label: give a text")
    raw = str(value).encode()
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
        return float(value) + 0.0  # so that -0.0 becomes 0.0, from which Milvus Lite tells it
    raise ValueError(f"{shown(value)} is not a number")
