"""Test a record against a filter, as Milvus tests an item."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from towhee_recsys.stores.filters.attributes import (
    MISSING_LABEL,
    MISSING_NUMBER,
    as_label,
    as_number,
    stored_value,
)
from towhee_recsys.stores.filters.expressions import as_values, combines
from towhee_recsys.types import Filter, Role

_COMPARE = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def matches(record: Mapping[str, Any], filter: Filter, attributes: Mapping[str, Role]) -> bool:
    """Whether the record meets every condition of `filter`, which `compile_filter` has accepted.

    Raises:
        ValueError: a value of the record does not fit its column.
    """
    return all(_holds(record, name, wanted, attributes) for name, wanted in filter.items())


def _holds(
    record: Mapping[str, Any], name: str, wanted: Any, attributes: Mapping[str, Role]
) -> bool:
    if combines(name, wanted, attributes):
        if name == "not":
            return not matches(record, wanted, attributes)
        parts = (matches(record, one, attributes) for one in wanted)
        return all(parts) if name == "and" else any(parts)
    role = attributes[name]
    try:
        value: Any = stored_value(role, record.get(name))
    except (TypeError, ValueError) as exc:
        raise ValueError(f"column {name!r}: {exc}") from exc
    if role == "multi_categorical":
        if isinstance(wanted, Mapping):
            return {as_label(one) for one in as_values(wanted["all"])}.issubset(value)
        return not {as_label(one) for one in as_values(wanted)}.isdisjoint(value)
    if value in (MISSING_LABEL, MISSING_NUMBER):
        return False
    if isinstance(wanted, Mapping):
        return all(_COMPARE[key](value, as_number(bound)) for key, bound in wanted.items())
    convert = as_number if role == "number" else as_label
    return value in [convert(one) for one in as_values(wanted)]
