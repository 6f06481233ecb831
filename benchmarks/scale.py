"""Measure search on a Milvus server as the catalogue grows, with generated clustered vectors.

    python benchmarks/scale.py --server http://127.0.0.1:19530 [--items 10000,100000]

The search is the pipeline's, by the library's store: ten items, without 100 seen ones, and with the
index that the store chooses for the number of items. Recall is measured against the exact answer of
NumPy.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from common import Parser, names, report

TOP_K, SEEN, QUERIES = 10, 100, 400
FINGERPRINT = "5ca1ab1e"


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--server", required=True, help="URI of a Milvus server")
    parser.add_argument("--items", type=names, default=["10000", "100000"])
    args = parser.parse_args()
    rows: list[list[Any]] = [measure(args.server, int(count)) for count in args.items]
    first = rows[0][2]
    report(
        "scale",
        ["items", "index", "p50 ms", "p99 ms", "recall@10", "users/s in batches of 64",
         "p50 / first p50", "seconds to build"],
        [[*row[:6], row[2] / first, row[6]] for row in rows],
    )  # fmt: skip


def clustered(count: int, rng: np.random.Generator) -> np.ndarray:
    """``(count, 256)`` float32 vectors around 500 centres."""
    centres = np.random.default_rng(0).normal(size=(500, 256))
    points = centres[rng.integers(0, len(centres), count)] + 0.5 * rng.normal(size=(count, 256))
    return (points / 16).astype(np.float32)


def measure(uri: str, count: int) -> list[object]:
    from pymilvus import MilvusClient

    from towhee_recsys.stores.vectors.milvus import MilvusStore

    rng = np.random.default_rng(count)
    items, users = clustered(count, rng), clustered(QUERIES, rng)
    seen = rng.integers(0, count, (QUERIES, SEEN)).tolist()
    scores = users @ items.T
    for row, ids in enumerate(seen):
        scores[row, ids] = -np.inf
    truth = np.argsort(-scores, axis=1, kind="stable")[:, :TOP_K]

    store, client = MilvusStore(uri, alias=f"scale{count}"), MilvusClient(uri)
    name = store.collection(FINGERPRINT)
    begin = time.perf_counter()
    store.create(FINGERPRINT, int, {})
    for start in range(0, count, 5_000):
        part = range(start, min(start + 5_000, count))
        store.write(name, [{"item_id": i} for i in part], items[part.start : part.stop])
    store.finish(name, range(count))
    store.publish(name)
    built = time.perf_counter() - begin
    try:
        answers, times = [], []
        for i in range(QUERIES):
            begin = time.perf_counter()
            hits = store.search(users[i : i + 1], [TOP_K], FINGERPRINT, exclude=[seen[i]])
            times.append((time.perf_counter() - begin) * 1e3)
            answers.append({hit["item_id"] for hit in hits[0]})
        recall = np.mean(
            [len(a & set(t)) / TOP_K for a, t in zip(answers, truth.tolist(), strict=True)]
        )
        batches = []
        for i in range(0, QUERIES - 63, 64):
            batch = slice(i, i + 64)
            begin = time.perf_counter()
            store.search(users[batch], [TOP_K] * 64, FINGERPRINT, exclude=seen[batch])
            batches.append(time.perf_counter() - begin)
        index = client.describe_index(name, "vector")["index_type"]
    finally:
        client.drop_alias(f"scale{count}")
        client.drop_collection(name)
        store.close()
    late = times[20:]
    return [
        count,
        index,
        float(np.median(late)),
        float(np.percentile(late, 99)),
        float(recall),
        64 / float(np.median(batches)),
        built,
    ]


if __name__ == "__main__":
    main()
