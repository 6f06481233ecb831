"""Columns of a schema → what conditions on them can say."""

from __future__ import annotations

from collections.abc import Mapping

from towhee_recsys.datasets.schema import Column
from towhee_recsys.stores.base import AttributeType

_KINDS: dict[str, AttributeType] = {
    "categorical": "label",
    "multi_categorical": "labels",
    "number": "number",
}


def attributes(columns: Mapping[str, Column]) -> dict[str, AttributeType]:
    """The columns that filters can use, and as what; words, and what is only shown, are not."""
    return {name: _KINDS[column.role] for name, column in columns.items() if column.role in _KINDS}
