"""Read and write one Milvus collection of items: its schema, its rows, and its state as a whole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, MilvusClient

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.filters.attributes import (
    LABEL_BYTES,
    LABELS_CAPACITY,
    column_name,
    field_name,
    stored_value,
)
from towhee_recsys.stores.filters.expressions import EVERYTHING
from towhee_recsys.types import ITEM_ID, MAX_ID_LENGTH, VECTOR_SIZE, Id, Item, Role

VECTOR = "vector"
READ_BATCH = 4_000
BUILD_SECONDS = 900.0
"""What flushing, indexing and loading may take."""

Index: TypeAlias = Literal["FLAT", "HNSW", "AUTO"]
_BUILD: dict[Index, dict[str, Any]] = {
    "FLAT": {"index_type": "FLAT"},
    "HNSW": {"index_type": "HNSW", "params": {"M": 32, "efConstruction": 200}},
    "AUTO": {"index_type": "AUTOINDEX"},
}

_TYPES: dict[Role, dict[str, Any]] = {
    "categorical": {"datatype": DataType.VARCHAR, "max_length": LABEL_BYTES},
    "multi_categorical": {
        "datatype": DataType.ARRAY,
        "element_type": DataType.VARCHAR,
        "max_length": LABEL_BYTES,
        "max_capacity": LABELS_CAPACITY,
    },
    "number": {"datatype": DataType.DOUBLE},
}
_ROLES = {settings["datatype"]: role for role, settings in _TYPES.items()}


@dataclass(frozen=True)
class Layout:
    """What a collection's schema says."""

    name: str
    id_type: type[int] | type[str]
    attributes: dict[str, Role]

    def __str__(self) -> str:
        ids = "text" if self.id_type is str else "integers"
        columns = ", ".join(f"{name} ({role})" for name, role in sorted(self.attributes.items()))
        return f"{self.name}, ids {ids}, with {columns or 'no columns'} to filter on"

    def usable(self, ids: Iterable[Id]) -> list[Id]:
        """Those of `ids` that an item of this collection can have, each once, as Python's types."""
        plain = (one.item() if isinstance(one, np.generic) else one for one in ids)
        return [one for one in dict.fromkeys(plain) if self._fits(one)]

    def _fits(self, one: Id) -> bool:
        if type(one) is not self.id_type:
            return False
        if isinstance(one, int):
            return abs(one) < 2**63 - 1  # Milvus 2.3 never finds the highest again by its value
        return len(one) <= MAX_ID_LENGTH

    def row(self, item: Item, vector: NDArray[np.float32]) -> dict[str, Any]:
        """What Milvus holds of an item.

        Raises:
            StoreError: naming the value that does not fit.
        """
        item_id = item[ITEM_ID]
        if not self._fits(item_id):
            raise StoreError(
                f"{ITEM_ID} is {item_id!r}: {self.name} holds ids of type {self.id_type.__name__},"
                f" of 64 bits or {MAX_ID_LENGTH} characters at most"
            )
        row = {ITEM_ID: item_id, VECTOR: vector}
        for column, role in self.attributes.items():
            try:
                row[field_name(column)] = stored_value(role, item.get(column))
            except (TypeError, ValueError) as exc:
                raise StoreError(f"{column} of item {item_id!r} is not {role}: {exc}") from exc
        return row


def create(client: MilvusClient, layout: Layout, timeout: float) -> None:
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    if layout.id_type is int:
        schema.add_field(ITEM_ID, DataType.INT64, is_primary=True)
    else:
        schema.add_field(ITEM_ID, DataType.VARCHAR, is_primary=True, max_length=4 * MAX_ID_LENGTH)
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=VECTOR_SIZE)
    for column, role in layout.attributes.items():
        schema.add_field(field_name(column), **_TYPES[role])
    client.create_collection(layout.name, schema=schema, timeout=timeout)


def layout_of(client: MilvusClient, name: str, timeout: float) -> Layout:
    fields = {f["name"]: f for f in client.describe_collection(name, timeout=timeout)["fields"]}
    id_type = int if fields.pop(ITEM_ID)["type"] == DataType.INT64 else str
    del fields[VECTOR]
    kinds = {column_name(field): _ROLES[f["type"]] for field, f in fields.items()}
    return Layout(name, id_type, kinds)


def is_ours(client: MilvusClient, name: str, timeout: float) -> bool:
    """Whether `create` made this collection. Another one may only have such a name."""
    try:
        layout_of(client, name, timeout)
    except KeyError:
        return False
    return True


def made(client: MilvusClient, name: str, timeout: float) -> int:
    """When the collection was made, as a number that grows with time; always 0 in Milvus Lite."""
    return int(client.describe_collection(name, timeout=timeout).get("created_timestamp", 0))


def settle(client: MilvusClient, name: str, index: Index) -> None:
    """Flush, index and load everything that was written."""
    client.flush(name, timeout=BUILD_SECONDS)
    if not client.list_indexes(name):
        indexes = client.prepare_index_params()
        indexes.add_index(VECTOR, metric_type="IP", **_BUILD[index])
        client.create_index(name, indexes, timeout=BUILD_SECONDS)
    end = time.monotonic() + BUILD_SECONDS
    # Milvus says "Finished" while rows still wait
    while client.describe_index(name, VECTOR, timeout=BUILD_SECONDS)["pending_index_rows"]:
        if time.monotonic() > end:
            raise StoreUnavailable(f"{name} was not indexed within {BUILD_SECONDS:g} s")
        time.sleep(0.2)
    client.load_collection(name, timeout=BUILD_SECONDS)


def count(client: MilvusClient, name: str, timeout: float) -> int:
    """How many items the collection holds. Milvus' statistics count a replaced item twice."""
    rows = client.query(
        name, output_fields=["count(*)"], consistency_level="Strong", timeout=timeout
    )
    return int(rows[0]["count(*)"])


def ids(client: MilvusClient, name: str, timeout: float) -> list[Id]:
    """The ids of all items, in one answer: Milvus Lite's iterator logs an error."""
    rows = client.query(
        name,
        filter=EVERYTHING,
        output_fields=[ITEM_ID],
        consistency_level="Strong",
        timeout=timeout,
    )
    return [row[ITEM_ID] for row in rows]


def query(
    client: MilvusClient, name: str, expression: str, fields: Sequence[str], timeout: float
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.query(
        name,
        filter=expression,
        output_fields=list(fields),
        consistency_level="Bounded",
        timeout=timeout,
    )
    return rows
