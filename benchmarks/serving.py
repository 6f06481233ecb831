"""How near `recommend` is to its floor: the pipeline against the bare calls it cannot do without.

    python benchmarks/serving.py --data ml-1m [--server http://127.0.0.1:19530]

The floor is the sum of a bare forward on ready arrays, a bare Milvus search for ten items
that leaves out nothing that was seen, and bare Redis reads of user, history and items: no answer is
to be had for less. All are timed in turns in one process, on the same users, with the histories of
the data.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import in_turns, report

TOP_K = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="sample", help="as for towhee-recsys train")
    parser.add_argument("--server", help="URI of a Milvus server to measure beside Milvus Lite")
    parser.add_argument("--rounds", type=int, default=300)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), args.data)
        uris = {"Milvus Lite": f"{folder}/milvus.db"}
        if args.server:
            uris["Milvus server"] = args.server
        for name, uri in uris.items():
            world.ingest(uri)
            for batch in (1, 64):
                rounds = args.rounds if batch == 1 else max(30, args.rounds // 10)
                rows.append([name, batch, *world.measure(uri, batch, rounds)])
    report(
        "serving",
        ["index", "users a call", "p50 ms", "p99 ms", "users/s", "floor p50 ms", "forward",
         "search", "reads", "p50 / floor"],
        rows,
        data=world.dataset.name,
        items=world.items,
    )  # fmt: skip


class World:
    """A model (barely trained: speed does not depend on quality), its data, and its stores."""

    def __init__(self, folder: Path, data: str) -> None:
        from towhee_recsys import Dataset, train
        from towhee_recsys.training import TrainingConfig

        self.dataset = Dataset.load(data)
        self.items = len(self.dataset.items)
        self.bundle = train(self.dataset, TrainingConfig(epochs=0.05, validation_users=10))
        self.path = folder / "bundle"
        self.bundle.save(self.path)
        self.store_url = f"embedded://{folder}/store"
        rng = np.random.default_rng(0)
        self.users = rng.permutation(self.dataset.users["user_id"].to_numpy()).tolist()

    def ingest(self, uri: str) -> None:
        from towhee_recsys.pipelines import IngestConfig, call, ingest

        call(ingest(IngestConfig(**self.settings(uri))), self.dataset)

    def settings(self, uri: str) -> dict[str, Any]:
        return {"bundle": str(self.path), "milvus_uri": uri, "store_url": self.store_url}

    def measure(self, uri: str, batch: int, rounds: int) -> list[Any]:
        from towhee_recsys.pipelines import RecommendConfig, recommend

        pipeline = recommend(RecommendConfig(**self.settings(uri), top_k=TOP_K))
        groups = [
            [self.users[(i * batch + j) % len(self.users)] for j in range(batch)]
            for i in range(rounds)
        ]
        times = in_turns(
            {
                "pipeline": lambda i: pipeline(groups[i] if batch > 1 else groups[i][0]).get(),
                "forward": self.bare_forward(groups),
                "search": self.bare_search(uri, groups),
                "reads": self.bare_reads(groups),
            },
            rounds,
        )
        p50 = {name: float(np.median(values)) for name, values in times.items()}
        parts = [p50[name] for name in ("forward", "search", "reads")]
        return [
            p50["pipeline"],
            float(np.percentile(times["pipeline"], 99)),
            batch / p50["pipeline"] * 1e3,
            sum(parts),
            *parts,
            p50["pipeline"] / sum(parts),
        ]

    def histories(self, group: list[Any]) -> list[list[Any]]:
        from towhee_recsys.operators import shared

        return shared.record_store(self.store_url).get_histories(group)

    def bare_forward(self, groups: list[list[Any]]) -> Callable[[int], Any]:
        from towhee_recsys.encoders import UserEncoder, load_members
        from towhee_recsys.model.inference import UserForward, item_vectors

        encoder, members = UserEncoder(self.bundle), load_members(self.bundle)
        items = item_vectors(members, self.bundle.item_codes, self.bundle.item_arrays)
        compute = UserForward(members, items)
        records = dict(
            zip(self.dataset.users["user_id"].tolist(), self.dataset.user_records(), strict=True)
        )
        ready = []
        for group in groups:
            pasts = [encoder.known(history) for history in self.histories(group)]
            arrays = self.bundle.user_features.transform([records[user] for user in group])
            ready.append((pasts, arrays))
        return lambda i: compute(*ready[i])

    def bare_search(self, uri: str, groups: list[list[Any]]) -> Callable[[int], Any]:
        from pymilvus import MilvusClient

        from towhee_recsys import UserEncoder

        encoder, client = UserEncoder(self.bundle), MilvusClient(uri)
        name = f"items_{self.bundle.fingerprint}"
        ready = []
        for group in groups:
            pasts = self.histories(group)
            ready.append(list(encoder.encode([{"history": history} for history in pasts])))

        def search(i: int) -> Any:
            return client.search(
                name,
                ready[i],
                limit=TOP_K,
                output_fields=["item_id"],
                consistency_level="Bounded",
            )

        return search

    def bare_reads(self, groups: list[list[Any]]) -> Callable[[int], Any]:
        from towhee_recsys.operators import shared

        store = shared.record_store(self.store_url)
        client = store._client  # the connection that the store itself uses
        item_ids = self.dataset.items["item_id"].tolist()

        def reads(i: int) -> Any:
            group = groups[i]
            client.mget([f"recsys:users:{user}" for user in group])
            client.mget([f"recsys:histories:{user}" for user in group])
            some = item_ids[: min(len(item_ids), TOP_K * len(group))]
            return client.mget([f"recsys:items:{item}" for item in some])

        return reads


if __name__ == "__main__":
    main()
