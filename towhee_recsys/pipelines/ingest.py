"""Build the pipeline that writes a data set to the index and the record store."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from towhee_recsys.errors import ConfigError
from towhee_recsys.pipelines.config import IngestConfig
from towhee_recsys.pipelines.pipeline import Pipeline
from towhee_recsys.stores.urls import parse
from towhee_recsys.types import Id, Item

if TYPE_CHECKING:
    from towhee_recsys.components.forgetting import Remembered
    from towhee_recsys.datasets import Dataset, Schema

_MOST_BATCHES = 500
"""Batches of a large data set grow beyond `batch_size` instead. The queues of Towhee's own runtime
hold 1,000 rows."""


def ingest(config: IngestConfig | None = None) -> Pipeline:
    """Build the pipeline.

    It takes a `Dataset`, or what `Dataset.load` takes. It encodes the items in batches and writes
    their vectors and records, then the users and histories. It flushes and counts the items, and
    only then switches searches to the index of a new model. The index of the same model is updated
    in place. Running it again, also after it was killed, gives the same state.

    Users and interactions on the store's list of what is forgotten are left out. With
    `IngestConfig.restore_forgotten` they are taken off the list and written. What the store has of
    them although it is forgotten is removed if it equals the data: an ingest wrote it meanwhile.

    Its ``.get()[0]`` is a dict: the numbers of ``items``, ``users``, ``interactions`` and
    ``new_interactions`` that were written, and the model's ``fingerprint``. ``items`` is counted in
    the index. ``forgotten_users`` and ``forgotten_interactions`` count what the list covers: it was
    left out, or restored. ``left`` says what may be left on the store's disk of what another ingest
    wrote while it was being forgotten, and this one removed; None if nothing is.

    Args:
        config: by default read from the environment, see `PipelineConfig.from_env`.

    Raises:
        ConfigError: a setting is missing or wrong.
        BundleError: the bundle is missing or damaged.
    """
    from towhee import ops, pipe

    from towhee_recsys.components.forgetting import Forgetting
    from towhee_recsys.components.resources import Deployment
    from towhee_recsys.pipelines.direct import DirectPipeline, building
    from towhee_recsys.stores.filters.attributes import filterable

    config = IngestConfig.given(config)
    with building(Deployment(**config.deployment)) as resources:
        bundle = resources.bundle
        model = {"bundle": config.bundle, "fingerprint": bundle.fingerprint}
        index = {
            "uri": config.milvus_uri,
            "fingerprint": bundle.fingerprint,
            "token_env": config.token_env,
        }
        store = {"url": config.store_url, "connections": config.connections}
        recsys = ops.recsys
        insert = (
            recsys.mysql_insert
            if parse(config.store_url).database == "mysql"
            else recsys.redis_insert
        )
        columns = filterable(bundle.schema.items)
        forgetting = Forgetting(resources, config.restore_forgotten)
        return DirectPipeline(
            pipe.input("data")
            .map("data", "dataset", partial(_read, schema=bundle.schema))
            .flat_map("dataset", "items", partial(_batches, size=config.batch_size))
            .map("items", "vectors", recsys.item_encoder(**model))
            .map("items", "recorded", insert(**store, kind="items"))
            .map(("items", "vectors"), "ids", recsys.milvus_insert(**index, attributes=columns))
            .window_all(("dataset", "ids", "recorded"), ("dataset", "ids"), _together)
            .map("dataset", "data", forgetting)
            .map("data", "users", lambda data: data.user_records())
            .map("users", "users", insert(**store, kind="users"))
            .flat_map("data", "histories", lambda data: data.history_batches())
            .map("histories", "new", insert(**store, kind="histories"))
            # Towhee's own runtime runs a node as soon as its inputs exist. This step takes an
            # output of every writer, so the index is published after all records are written.
            .window_all(("data", "ids", "users", "new"), ("data", "ids", "new"), _written)
            .map("data", "data", forgetting.again)
            .map("ids", "items", recsys.milvus_publish(**index))
            .map(
                ("data", "items", "new"), "report", partial(_report, fingerprint=bundle.fingerprint)
            )
            .output("report"),
            resources,
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


def _written(
    data: list[Remembered], ids: list[list[Id]], users: list[int], new: list[int]
) -> tuple[Remembered, list[Id], int]:
    return data[0], ids[0], sum(new)


def _report(data: Remembered, items: int, new: int, fingerprint: str) -> dict[str, Any]:
    users, interactions = len(data.dataset.users), len(data.dataset.interactions)
    return {
        "items": items,
        "users": users - (0 if data.restored else data.listed_users),
        "interactions": interactions - (0 if data.restored else data.listed_interactions),
        "new_interactions": new,
        "forgotten_users": data.listed_users,
        "forgotten_interactions": data.listed_interactions,
        "left": data.left,
        "fingerprint": fingerprint,
    }
