"""Keep item vectors in Milvus, and search them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from towhee_recsys.errors import CollectionGone, ConfigError, IndexMismatch, StoreError
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.stores.filters.attributes import FILTERABLE
from towhee_recsys.stores.filters.expressions import both, compile_filter, none_of, one_of
from towhee_recsys.stores.vectors import collection as collections
from towhee_recsys.stores.vectors.client import Connection
from towhee_recsys.stores.vectors.collection import BUILD_SECONDS, READ_BATCH, VECTOR, Index, Layout
from towhee_recsys.stores.vectors.nearest import Costs, Wanted, nearest
from towhee_recsys.types import ITEM_ID, VECTOR_SIZE, Filter, Hit, Id, Item, Role

T = TypeVar("T")

WRITE_BATCH = 2_000

ALIAS_SECONDS = 1.0
"""For how long searches rely on what they know of the live collection."""

FINGERPRINT = re.compile("[0-9a-f]{8}")

NO_ALIAS = {100, 1600}  # the codes of Milvus Lite and of the server

EXACT_UP_TO = 20_000
"""Up to this many items, a server compares every vector in about the time that HNSW takes."""

HNSW_EF = 128

COSTS = Costs(call=500, excluded=0.8)
"""Of a server: 3 ms a call, 6 µs a hit."""
COSTS_LITE = Costs(call=100, excluded=0.2)
"""Of Milvus Lite: 4 ms a call, 37 µs a hit, for which it reads the whole row."""


class MilvusStore(VectorStore):
    """A `VectorStore` in Milvus Lite, a Milvus server or cluster, or Zilliz Cloud.

    Collections are called ``<alias>_<fingerprint>``, and the alias points to the live one. The
    collection that was live before is kept, so that `publish` can go back to it. Threads may share
    a store.
    """

    def __init__(
        self,
        uri: str,
        token: str | None = None,
        db_name: str | None = None,
        timeout: float = 30.0,
        alias: str = "items",
        index: Index | None = None,
    ):
        """
        Args:
            uri: a file that ends in ``.db`` for Milvus Lite, or a server's address.
            token: ``user:password`` or an API key.
            timeout: seconds for connecting, and for each answer; flushing, indexing and loading
                have longer.
            alias: the name that points to the live collection.
            index: FLAT compares every vector and is exact; HNSW is fast among many items and
                approximate; AUTO leaves the choice to the server. The default is FLAT for up to
                `EXACT_UP_TO` items and in Milvus Lite, else HNSW. A collection that has an index
                keeps it.

        Raises:
            ConfigError: a setting has no accepted value.
        """
        if index is not None and index not in get_args(Index):
            raise ConfigError(f"index is {index!r}: give one of {', '.join(get_args(Index))}")
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", alias):
            raise ConfigError(f"alias is {alias!r}: give letters, digits and underscores")
        self._connection = Connection(uri, token, db_name, timeout)
        self._timeout = timeout
        self._alias = alias
        self._index = index
        self._layouts: dict[str, Layout] = {}
        self._seen: tuple[float, str | None] = (0.0, None)

    def __repr__(self) -> str:
        return f"MilvusStore({self._connection.where!r}, alias={self._alias!r})"

    def collection(self, fingerprint: str) -> str:
        if not FINGERPRINT.fullmatch(fingerprint):
            raise StoreError(f"a fingerprint is eight hexadecimal digits, not {fingerprint!r}")
        return f"{self._alias}_{fingerprint}"

    def create(
        self,
        fingerprint: str,
        id_type: type[int] | type[str],
        attributes: Mapping[str, Role],
    ) -> str:
        for column, role in attributes.items():
            if role not in FILTERABLE:
                raise StoreError(
                    f"{column} is {role}: filters can use columns that are {', '.join(FILTERABLE)}"
                )
        wanted = Layout(self.collection(fingerprint), id_type, dict(attributes))
        with self._milvus(make=True) as client:
            if not client.has_collection(wanted.name, timeout=self._timeout):
                collections.create(client, wanted, BUILD_SECONDS)
            present = collections.layout_of(client, wanted.name, self._timeout)
        if present != wanted:
            raise StoreError(
                f"{self._connection.where} holds {present}; to be written is {wanted}: drop"
                f" the collection {wanted.name} there, or use another alias"
            )
        return wanted.name

    def write(self, collection: str, items: Sequence[Item], vectors: NDArray[np.float32]) -> None:
        if vectors.shape != (len(items), VECTOR_SIZE) or not np.isfinite(vectors).all():
            raise StoreError(
                f"vectors of shape {vectors.shape} for {len(items)} items: an item has"
                f" {VECTOR_SIZE} finite numbers"
            )
        with self._milvus() as client:
            layout = self._layout(client, collection)
            rows = [layout.row(*pair) for pair in zip(items, vectors, strict=True)]
            # an id that comes twice in one call would be stored twice
            rows = list({row[ITEM_ID]: row for row in rows}.values())
            for batch in _batches(rows, WRITE_BATCH):
                client.upsert(collection, batch, timeout=self._timeout)

    def finish(self, collection: str, keep: Iterable[Id]) -> int:
        kept = set(keep)
        exact = self._connection.path is not None or len(kept) <= EXACT_UP_TO
        index: Index = self._index or ("FLAT" if exact else "HNSW")
        with self._milvus() as client:
            collections.settle(client, collection, index)
            present = collections.ids(client, collection, self._timeout)
            surplus = [one for one in present if one not in kept]
            for batch in _batches(surplus, READ_BATCH):
                client.delete(collection, ids=batch, timeout=self._timeout)
            if surplus:
                collections.settle(client, collection, index)
            return collections.count(client, collection, self._timeout)

    def publish(self, collection: str) -> None:
        previous = self._target()
        with self._milvus() as client:
            client.load_collection(collection, timeout=BUILD_SECONDS)
            if previous == collection:
                return
            point = client.alter_alias if previous else client.create_alias
            point(collection, self._alias, timeout=self._timeout)
            self._seen = (0.0, None)
            if previous is not None:
                self._drop_older(client, previous, {collection, previous})

    def live(self) -> str | None:
        return self._fingerprint(self._target())

    def count(self) -> int:
        target = self._target()
        if target is None:
            return 0
        with self._milvus() as client:
            return collections.count(client, target, self._timeout)

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: Sequence[int],
        fingerprint: str,
        filters: Sequence[Filter | None] | None = None,
        exclude: Sequence[Sequence[Id]] | None = None,
    ) -> list[list[Hit]]:
        def work(client: MilvusClient, layout: Layout) -> list[list[Hit]]:
            def call(
                positions: list[int], expression: str, limit: int
            ) -> list[list[tuple[Id, float]]]:
                answers = client.search(
                    layout.name,
                    data=list(vectors[positions]),
                    anns_field=VECTOR,
                    filter=expression,
                    limit=limit,
                    output_fields=[ITEM_ID],
                    search_params={"metric_type": "IP", "params": {"ef": max(HNSW_EF, limit)}},
                    consistency_level="Bounded",
                    timeout=self._timeout,
                )
                return [list(zip(hits.ids, hits.distances, strict=True)) for hits in answers]

            def without(expression: str, ids: Iterable[Id]) -> str:
                there = sorted(layout.usable(ids))
                return both(expression, none_of(there)) if there else expression

            expressions = [_expression(layout, one) for one in filters or [None] * len(top_k)]
            excluded = map(frozenset, exclude or [()] * len(top_k))
            rows = zip(range(len(vectors)), top_k, expressions, excluded, strict=True)
            costs = COSTS if self._connection.path is None else COSTS_LITE
            return nearest([Wanted(*row) for row in rows], call, without, costs)

        return self._on_live(fingerprint, work)

    def get(self, item_ids: Sequence[Id], fingerprint: str) -> list[NDArray[np.float32] | None]:
        def work(client: MilvusClient, layout: Layout) -> list[NDArray[np.float32] | None]:
            found: dict[Id, NDArray[np.float32]] = {}
            for batch in _batches(layout.usable(item_ids), READ_BATCH):
                fields = [ITEM_ID, VECTOR]
                rows = collections.query(client, layout.name, one_of(batch), fields, self._timeout)
                found.update((row[ITEM_ID], np.array(row[VECTOR], np.float32)) for row in rows)
            return [found.get(one) for one in item_ids]

        return self._on_live(fingerprint, work)

    def matching(
        self, item_ids: Sequence[Id], fingerprint: str, filter: Filter | None = None
    ) -> set[Id]:
        def work(client: MilvusClient, layout: Layout) -> set[Id]:
            found: set[Id] = set()
            condition = _expression(layout, filter)
            for batch in _batches(layout.usable(item_ids), READ_BATCH):
                expression = both(one_of(batch), condition)
                rows = collections.query(client, layout.name, expression, [ITEM_ID], self._timeout)
                found.update(row[ITEM_ID] for row in rows)
            return found

        return self._on_live(fingerprint, work)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _milvus(self, make: bool = False) -> Iterator[MilvusClient]:
        with self._connection.translated():
            yield self._connection.client(make)

    def _on_live(self, fingerprint: str, work: Callable[[MilvusClient, Layout], T]) -> T:
        """Let `work` use the live collection by its own name. So a swap of the alias in between
        cannot lead it from one model's vectors to another's."""
        for last_try in (False, True):
            name = self._live_collection(fingerprint)
            try:
                with self._milvus() as client:
                    return work(client, self._layout(client, name))
            except CollectionGone:
                self._seen = (0.0, None)
                self._layouts.pop(name, None)
                if last_try:
                    raise
        raise AssertionError("unreachable")

    def _live_collection(self, fingerprint: str) -> str:
        checked, name = self._seen
        # A model that has just been published must not be taken for a wrong one.
        other = self._fingerprint(name) != fingerprint
        if other or time.monotonic() - checked > ALIAS_SECONDS:
            name = self._target()
            if name is not None and name != self._seen[1]:
                with self._milvus() as client:
                    client.load_collection(name, timeout=BUILD_SECONDS)
            self._seen = (time.monotonic(), name)
        where = self._connection.where
        if name is None:
            raise IndexMismatch(f"there is no index at {where}: run ingest first")
        live = self._fingerprint(name)
        if live != fingerprint:
            raise IndexMismatch(
                f"the index at {where} holds vectors of model {live}, but the model in use is"
                f" {fingerprint}: run ingest with this model's bundle, or use the bundle of {live}"
            )
        return name

    def _target(self) -> str | None:
        """The name of the collection that the alias points to."""
        self._connection.check_open()
        path = self._connection.path
        if path is not None and not os.path.exists(path):
            return None
        with self._milvus() as client:
            try:
                answer = client.describe_alias(self._alias, timeout=self._timeout)
            except MilvusException as exc:
                if exc.code in NO_ALIAS:
                    return None
                raise
        return str(answer["collection_name"])

    def _fingerprint(self, collection: str | None) -> str | None:
        fingerprint = (collection or "").removeprefix(f"{self._alias}_")
        mine = collection != fingerprint and FINGERPRINT.fullmatch(fingerprint)
        return fingerprint if mine else None

    def _drop_older(self, client: MilvusClient, than: str, keep: set[str]) -> None:
        """Drop older collections, but not one that another process may be filling now."""
        names = client.list_collections(timeout=self._timeout)
        own = [name for name in names if self._fingerprint(name) and name not in keep]
        made = {name: collections.made(client, name, self._timeout) for name in [*own, than]}
        for name in own:
            if made[name] <= made[than] and collections.is_ours(client, name, self._timeout):
                client.drop_collection(name, timeout=self._timeout)
                self._layouts.pop(name, None)

    def _layout(self, client: MilvusClient, collection: str) -> Layout:
        if collection not in self._layouts:
            self._layouts[collection] = collections.layout_of(client, collection, self._timeout)
        return self._layouts[collection]


def _expression(layout: Layout, filter: Filter | None) -> str:
    return compile_filter(filter, layout.attributes) if filter else ""


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
