"""Tables → an index and a store that answer: the pipeline that fills both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from towhee_recsys.errors import ConfigError
from towhee_recsys.pipelines.calling import unblocked
from towhee_recsys.pipelines.config import IngestConfig
from towhee_recsys.types import ITEM_ID, USER_ID, Id, Interaction, Item, User

if TYPE_CHECKING:
    from towhee_recsys.datasets import Dataset, Schema

_MOST_BATCHES = 500
"""Larger data makes larger batches: Towhee's queues hold 1,000 rows, and more could block."""


def ingest(config: IngestConfig | None = None) -> Any:
    """Build the pipeline.

    It takes a `Dataset`, or what `Dataset.load` takes; encodes all items in batches; writes vectors
    and records, then users and all interactions; flushes and counts; and only then lets searches
    see the index of a new model. (That of the same model is brought up to date where it is.) Its
    ``.get()[0]`` says how many ``items``, ``users`` and ``interactions`` it was given, how many
    interactions were ``new_interactions``, and the ``fingerprint``. Running it again, or after it
    was killed, gives the same.

    Args:
        config: by default read from the environment, see `PipelineConfig.from_env`.

    Raises:
        ConfigError: a setting is missing or wrong.
        BundleError: the bundle is missing or damaged.
    """
    from towhee import ops, pipe

    from towhee_recsys.bundle import read_manifest
    from towhee_recsys.operators import shared
    from towhee_recsys.operators.columns import attributes

    config = IngestConfig.given(config)
    fingerprint = read_manifest(config.bundle).fingerprint
    shared.item_encoder(config.bundle, fingerprint)  # a damaged bundle says so now
    schema = shared.schema(config.bundle)
    model = {"bundle": config.bundle, "fingerprint": fingerprint}
    index = {"uri": config.milvus_uri, "fingerprint": fingerprint}
    recsys = ops.recsys
    insert = recsys.mysql_insert if "+pymysql:" in config.store_url else recsys.redis_insert
    store = {"url": config.store_url, "connections": config.connections}
    return unblocked(
        pipe.input("data")
        .map("data", "dataset", partial(_read, schema=schema))
        .flat_map("dataset", "items", partial(_batches, size=config.batch_size))
        .map("items", "vectors", recsys.item_encoder(**model))
        .map("items", "recorded", insert(**store, kind="items"))
        .map(
            ("items", "vectors"),
            "ids",
            recsys.milvus_insert(**index, attributes=attributes(schema.items)),
        )
        .window_all(("dataset", "ids", "recorded"), ("dataset", "ids"), _together)
        .map("dataset", ("users", "interactions"), _people)
        .map("users", "users", insert(**store, kind="users"))
        .map("interactions", "new", insert(**store, kind="interactions"))
        # Towhee runs a node as soon as its inputs are there: so the index waits for the records.
        .map(("ids", "users", "new"), "ids", _first)
        .map("ids", "items", recsys.milvus_publish(**index))
        .map(("dataset", "items", "new"), "report", partial(_report, fingerprint=fingerprint))
        .output("report")
    )


def _read(data: Dataset | str | Path, schema: Schema) -> Dataset:
    from towhee_recsys.datasets import Dataset

    dataset = data if isinstance(data, Dataset) else Dataset.load(data)
    if dataset.schema != schema:
        raise ConfigError(
            f"{dataset.name} has other columns than the data that the bundle was trained on; "
            "ingest data with the same columns and roles, or train on this data"
        )
    return dataset


def _batches(dataset: Dataset, size: int) -> list[list[Item]]:
    records = dataset.item_records()
    size = max(size, -(-len(records) // _MOST_BATCHES))
    return [records[begin : begin + size] for begin in range(0, len(records), size)]


def _together(
    datasets: list[Dataset], ids: list[list[Id]], recorded: list[int]
) -> tuple[Dataset, list[Id]]:
    return datasets[0], [one for batch in ids for one in batch]


def _first(ids: list[Id], *_: int) -> list[Id]:
    return ids


def _people(dataset: Dataset) -> tuple[list[User], Iterator[Interaction]]:
    return dataset.user_records(), _interactions(dataset)


def _interactions(dataset: Dataset) -> Iterator[Interaction]:
    """All interactions, a user's one after another in time order.

    Where the data has no timestamps, an interaction's place in its user's history stands for one.
    """
    past = dataset.histories
    user_ids, item_ids = dataset.users[USER_ID].tolist(), dataset.items[ITEM_ID].tolist()
    times = past.timestamps
    for row, user_id in enumerate(user_ids):
        begin = int(past.offsets[row])
        for place, item in enumerate(past.of(row).tolist()):
            timestamp = float(place) if times is None else float(times[begin + place])
            yield Interaction(user_id=user_id, item_id=item_ids[item], timestamp=timestamp)


def _report(dataset: Dataset, items: int, new: int, fingerprint: str) -> dict[str, Any]:
    return {
        "items": items,
        "users": len(dataset.users),
        "interactions": len(dataset.interactions),
        "new_interactions": new,
        "fingerprint": fingerprint,
    }
