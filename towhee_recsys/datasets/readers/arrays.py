"""Gather Python's values, batch by batch, into Arrow columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from towhee_recsys.datasets.readers.table import chunked, holds_lists
from towhee_recsys.text import label

_SIMPLE = {str, int, float, bool, type(None)}


def array_of(values: Sequence[Any]) -> Any:
    """The values in the type that holds them all, else as text or as lists of text."""
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return _as_text(values)
    return _as_text(values) if _is_nested(array.type) else array


def joined(arrays: Sequence[Any]) -> Any:
    """The arrays as one column. If their types differ, they become numbers, lists or text."""
    kinds = {array.type for array in arrays} - {pa.null()}
    if not kinds:
        return pa.chunked_array(arrays, pa.null())
    if len(kinds) == 1:
        kind = kinds.pop()
    elif all(pa.types.is_integer(k) or pa.types.is_floating(k) for k in kinds):
        kind = pa.float64() if any(map(pa.types.is_floating, kinds)) else pa.int64()
    else:
        lists = any(holds_lists(array) for array in arrays)
        kind = pa.list_(pa.string()) if lists else pa.string()
        arrays = [array if array.type == kind else _text_of(array, lists) for array in arrays]
    return chunked(pa.chunked_array([array.cast(kind) for array in arrays], kind))


def plain(values: Sequence[Any]) -> Sequence[Any]:
    """A database's values as those of Python's that Arrow holds."""
    return values if set(map(type, values)) <= _SIMPLE else [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral() else float(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.hex()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value) if isinstance(value, UUID) else value


def _is_nested(kind: Any) -> bool:
    inner = kind.value_type if pa.types.is_list(kind) else kind
    return bool(pa.types.is_nested(inner) or pa.types.is_binary(inner))


def _text_of(array: Any, lists: bool) -> Any:
    text = _as_text(array.to_pylist())
    if not lists or holds_lists(text):
        return text
    return pa.array([None if one is None else [one] for one in text.to_pylist()])


def _as_text(values: Sequence[Any]) -> Any:
    lists = any(isinstance(value, (list, tuple)) for value in values)
    if not lists:
        return pa.array([_word(value) for value in values], pa.string())
    kept = [
        None if v is None else [_word(one) for one in (v if isinstance(v, (list, tuple)) else [v])]
        for v in values
    ]
    return pa.array(kept, pa.list_(pa.string()))


def _word(value: Any) -> str | None:
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return label(value)
