"""Compare `ingest` with bare inserts of the same vectors.

    python benchmarks/ingestion.py --rows 20000 [--server http://127.0.0.1:19530]

The pipeline reads records, encodes them, writes vectors and records, flushes, counts and publishes.
The bare insert is pymilvus' `insert` in batches of the same size, then flush and load.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import report

BATCH = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000, help="items to ingest")
    parser.add_argument("--server", help="URI of a Milvus server to measure beside Milvus Lite")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        dataset, bundle = made(args.rows)
        bundle.save(Path(folder, "bundle"))
        uris = {"Milvus Lite": f"{folder}/milvus.db"}
        if args.server:
            uris["Milvus server"] = args.server
        for name, uri in uris.items():
            ours = through_the_pipeline(Path(folder), uri, dataset)
            bare = bare_insert(uri, dataset, bundle)
            encode = bare_encode(dataset, bundle)
            rows.append([name, args.rows, args.rows / ours, args.rows / bare, args.rows / encode,
                         ours / bare])  # fmt: skip
    report(
        "ingestion",
        ["index", "items", "items/s", "bare insert items/s", "bare encoding items/s",
         "seconds / bare insert"],
        rows,
    )  # fmt: skip


def made(rows: int) -> tuple[Any, Any]:
    """The sample's items, repeated with new ids, and a model trained on the sample."""
    from towhee_recsys import Dataset, train
    from towhee_recsys.training import TrainingConfig

    sample = Dataset.load("sample")
    bundle = train(sample, TrainingConfig(epochs=0.05, validation_users=10))
    items = pd.concat([sample.items] * (rows // len(sample.items) + 1), ignore_index=True)[:rows]
    items["item_id"] = np.arange(1, rows + 1)
    dataset = Dataset.from_frames(
        sample.interactions[:1], items, sample.users, schema=sample.schema, name="made"
    )
    return dataset, bundle


def through_the_pipeline(folder: Path, uri: str, dataset: Any) -> float:
    from towhee_recsys.pipelines import IngestConfig, call, ingest

    pipeline = ingest(
        IngestConfig(
            bundle=folder / "bundle",
            milvus_uri=uri,
            store_url=f"embedded://{folder}/store",
            batch_size=BATCH,
        )
    )
    begin = time.perf_counter()
    call(pipeline, dataset)
    return time.perf_counter() - begin


def bare_insert(uri: str, dataset: Any, bundle: Any) -> float:
    from pymilvus import DataType, MilvusClient

    from towhee_recsys import ItemEncoder

    vectors = ItemEncoder(bundle).encode(dataset.item_records())
    ids = dataset.items["item_id"].tolist()
    client = MilvusClient(uri)
    schema = client.create_schema()
    schema.add_field("item_id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="IP")
    client.create_collection("bare", schema=schema, index_params=index)
    begin = time.perf_counter()
    for i in range(0, len(ids), BATCH):
        part = zip(ids[i : i + BATCH], vectors[i : i + BATCH], strict=True)
        client.insert("bare", [{"item_id": one, "vector": vector} for one, vector in part])
    client.flush("bare")
    client.load_collection("bare")
    seconds = time.perf_counter() - begin
    client.drop_collection("bare")
    return seconds


def bare_encode(dataset: Any, bundle: Any) -> float:
    from towhee_recsys import ItemEncoder

    encoder, records = ItemEncoder(bundle), dataset.item_records()
    encoder.encode(records[:10])
    begin = time.perf_counter()
    encoder.encode(records)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
