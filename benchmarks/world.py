"""Prepare a model, its data and its stores for a benchmark, and the bare calls to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from common import Parser

TOP_K = 10

Id = Any
Bare = Callable[[int], Any]
"""A call for the group of users with a given number."""


def options(doc: str) -> Parser:
    """The options of all scripts that use a `World`."""
    parser = Parser(doc)
    parser.add_argument("--data", default="sample", help="as for towhee-recsys train")
    parser.add_argument("--bundle", help="folder of a model of this data; by default, train one")
    parser.add_argument("--server", help="URI of a Milvus server to measure beside Milvus Lite")
    return parser


def indexes(folder: str, server: str | None) -> dict[str, str]:
    """The Milvus URIs to measure, by name."""
    lite = {"Milvus Lite": f"{folder}/milvus.db"}
    return lite | ({"Milvus server": server} if server else {})


class World:
    """A data set, a model of it, a record store, and the indexes that `ingest` fills.

    Without a bundle a model is trained for a moment. Speed depends little on its quality: seen
    items are less often among the best hits, so searches have less to exclude.
    """

    def __init__(self, folder: Path, data: str, bundle: str | None = None) -> None:
        from towhee_recsys import Bundle, Dataset, train
        from towhee_recsys.training import TrainingConfig

        self.dataset = Dataset.load(data)
        self.path = Path(bundle) if bundle else folder / "bundle"
        if not bundle:
            train(self.dataset, TrainingConfig(epochs=0.05, validation_users=10)).save(self.path)
        self.bundle = Bundle.load(self.path)
        self.store_url = f"embedded://{folder}/store"
        self.item_ids = self.dataset.items["item_id"].tolist()
        rng = np.random.default_rng(0)
        self.users = rng.permutation(self.dataset.users["user_id"].to_numpy()).tolist()

    @cached_property
    def encoder(self) -> Any:
        from towhee_recsys import UserEncoder

        return UserEncoder(self.bundle)

    @cached_property
    def members(self) -> Any:
        from towhee_recsys.encoders import Towers

        return Towers(self.bundle).members

    @cached_property
    def item_parts(self) -> np.ndarray:
        """The vectors of the bundle's items, those of the members side by side."""
        from towhee_recsys.model.inference import item_vectors

        return item_vectors(self.members, self.bundle.item_codes, self.bundle.item_arrays)

    @cached_property
    def records(self) -> dict[Id, dict[str, Any]]:
        ids = self.dataset.users["user_id"].tolist()
        return dict(zip(ids, self.dataset.user_records(), strict=True))

    @cached_property
    def store(self) -> Any:
        from towhee_recsys.stores.opening import open_record_store

        return open_record_store(self.store_url)

    def ingest(self, uri: str) -> None:
        from towhee_recsys.pipelines import IngestConfig, call, ingest

        with ingest(IngestConfig(**self.settings(uri))) as pipeline:
            call(pipeline, self.dataset)

    def settings(self, uri: str) -> dict[str, Any]:
        return {"bundle": str(self.path), "milvus_uri": uri, "store_url": self.store_url}

    def pipeline(self, uri: str, **settings: Any) -> Any:
        from towhee_recsys.pipelines import RecommendConfig, recommend

        return recommend(RecommendConfig(**self.settings(uri), **{"top_k": TOP_K, **settings}))

    def groups(self, batch: int, count: int) -> list[list[Id]]:
        """`count` groups of `batch` users. A user comes again after all others."""
        users = [self.users[i % len(self.users)] for i in range(batch * count)]
        return [users[i : i + batch] for i in range(0, len(users), batch)]

    def vectors(self, group: Sequence[Id]) -> np.ndarray:
        pasts = zip(group, self.store.get_histories(group), strict=True)
        users = [{"user": self.records[u], "history": h} for u, h in pasts]
        vectors: np.ndarray = self.encoder.encode(users)
        return vectors

    def ready(self, group: Sequence[Id]) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        """The input of the user towers: rows of items, and arrays of the users' records."""
        pasts = [self.encoder.known(history) for history in self.store.get_histories(group)]
        return pasts, self.bundle.user_features.transform([self.records[one] for one in group])

    def paddle_forward(self, groups: list[list[Id]]) -> Bare:
        """The forward pass of the user towers in Paddle, on batches padded to the longest
        history."""
        import paddle

        from towhee_recsys.features.history import pad_histories

        parts = np.split(self.item_parts, len(self.members), axis=1)
        tables = [
            paddle.to_tensor(np.concatenate([part, member.user.start.numpy()]))
            for part, member in zip(parts, self.members, strict=True)
        ]
        ready = []
        for group in groups:
            pasts, arrays = self.ready(group)
            limit = self.bundle.config.max_history
            codes, lengths = pad_histories(pasts, len(self.item_parts), limit)
            ready.append((codes, np.arange(len(group)), lengths - 1, arrays))

        def forward(i: int) -> np.ndarray:
            codes, rows, last, arrays = ready[i]
            with paddle.no_grad():
                positions = [
                    member.user(table[paddle.to_tensor(codes)], arrays).numpy()
                    for member, table in zip(self.members, tables, strict=True)
                ]
            return np.concatenate([one[rows, last] for one in positions], axis=1)

        return forward

    def own_forward(self, groups: list[list[Id]]) -> Bare:
        """The library's own forward pass, on ready arrays."""
        from towhee_recsys.model.inference import UserForward

        compute = UserForward(self.members, self.item_parts)
        ready = [self.ready(group) for group in groups]
        return lambda i: compute(*ready[i])

    def bare_search(self, uri: str, groups: list[list[Id]]) -> Bare:
        """A Milvus search with ready vectors, for ten items. It excludes nothing."""
        from pymilvus import MilvusClient

        client, name = MilvusClient(uri), f"items_{self.bundle.fingerprint}"
        client.load_collection(name)  # the pipeline that filled it may have closed it
        ready = [list(self.vectors(group)) for group in groups]
        return lambda i: client.search(
            name, ready[i], limit=TOP_K, output_fields=["item_id"], consistency_level="Bounded"
        )

    def bare_reads(self, groups: list[list[Id]]) -> Bare:
        """Redis reads of users, histories, and ten items for each user."""
        client = self.store._client  # the store's own connection

        def reads(i: int) -> Any:
            group = groups[i]
            client.mget([f"recsys:users:{user}" for user in group])
            client.mget([f"recsys:histories:{user}" for user in group])
            some = self.item_ids[: min(len(self.item_ids), TOP_K * len(group))]
            return client.mget([f"recsys:items:{item}" for item in some])

        return reads
