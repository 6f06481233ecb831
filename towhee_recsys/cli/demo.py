"""A data set → recommendations on the screen, each step said in words as it is taken."""

from __future__ import annotations

import os
import shutil
import sys
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from towhee_recsys.cli.tables import as_text, title_of
from towhee_recsys.errors import BundleError, DownloadError
from towhee_recsys.operations.home import Home
from towhee_recsys.types import ITEM_ID, USER_ID

if TYPE_CHECKING:
    from towhee_recsys.bundle import Bundle
    from towhee_recsys.datasets import Dataset

_SHOWN = 8


def run(home: Home, data: str, time_budget: float, console: Console) -> None:
    """All steps, told on `console`; the answer goes to stdout."""
    started = time.monotonic()
    console.rule("[bold]1 · the data")
    dataset = _load(data, console)
    console.print(
        f"{len(dataset.users):,} users, {len(dataset.items):,} items, "
        f"{len(dataset.interactions):,} interactions from [bold]{dataset.name}[/bold]; "
        f"columns of an item: {', '.join(dataset.schema.items)}."
    )
    console.rule("[bold]2 · the model")
    console.print(
        "Two towers learn vectors of 256 numbers: one for each item, and one for a user, from "
        "the record and the history. What a user met next should have the largest inner product."
    )
    bundle = _trained(home, dataset) or _train(home, dataset, time_budget, console)
    console.print(f"Model {bundle.fingerprint} is in {home.bundle}.", highlight=False)
    console.rule("[bold]3 · the index and the records")
    report = _ingest(home, dataset)
    console.print(
        f"{report['items']:,} item vectors are in Milvus ({home.milvus_uri}), records and "
        f"histories in {'a server' if home.store else 'an embedded Valkey, which speaks Redis'}."
    )
    console.rule("[bold]4 · recommendations")
    user_id = _somebody(dataset)
    _show(home, dataset, user_id)
    console.rule("[bold]5 · how good is that?")
    console.print(_quality(bundle))
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    console.print(f"Done in {minutes} min {seconds} s. Three things to try next:", highlight=False)
    program = _program(home)
    unseen = _unseen(dataset, user_id)
    for command in (
        f"recommend {user_id} --top-k 5 --json",
        f"similar {unseen}",
        f"rate {user_id} {unseen}",
    ):
        console.print(f"  {program} {command}", highlight=False, soft_wrap=True)


def _program(home: Home) -> str:
    """How to call the command line from here, for this home."""
    name = "towhee-recsys" if shutil.which("towhee-recsys") else os.path.relpath(sys.argv[0])
    return name if home.folder == Path("recsys-home").absolute() else f"{name} --home {home.folder}"


def _load(data: str, console: Console) -> Dataset:
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.progress import download_bar

    try:
        with download_bar(data) as progress:
            return Dataset.load(data, progress=progress)
    except DownloadError as exc:
        console.print(f"[yellow]{exc}[/yellow]\nGoing on with the built-in sample.")
        return Dataset.load("sample")


def _trained(home: Home, dataset: Dataset) -> Bundle | None:
    """The model of an earlier demo on the same data."""
    from towhee_recsys.bundle import Bundle

    try:
        bundle = Bundle.load(home.bundle)
    except BundleError:
        return None
    same = dataset.source is not None and bundle.metadata.sha256 == dataset.source.sha256
    return bundle if same and bundle.metadata.validation else None


def _train(home: Home, dataset: Dataset, time_budget: float, console: Console) -> Bundle:
    from towhee_recsys.progress import TrainingBar
    from towhee_recsys.training import preset, train

    small = dataset.source is not None and dataset.source.kind == "sample"
    model, config = preset("fast")
    config = config.model_copy(update={"time_budget": None if small else time_budget})
    with TrainingBar(console, model.members) as bar:
        bundle = train(dataset, config, model, listener=bar)
    bundle.save(home.bundle)
    return bundle


def _ingest(home: Home, dataset: Dataset) -> dict[str, Any]:
    from towhee_recsys.pipelines import IngestConfig, call, ingest

    report: dict[str, Any] = call(ingest(IngestConfig(**home.pipelines)), dataset)
    return report


def _somebody(dataset: Dataset) -> Any:
    """The first user with a history worth looking at."""
    counts = dataset.interactions[USER_ID].value_counts()
    ids = dataset.users[USER_ID].tolist()
    return next((i for i in ids if 15 <= counts.get(i, 0) <= 60), ids[0])


def _unseen(dataset: Dataset, user_id: Any) -> Any:
    table = dataset.interactions
    seen = set(table.loc[table[USER_ID] == user_id, ITEM_ID])
    popular = table[ITEM_ID].value_counts().index.tolist()
    return next((item for item in popular if item not in seen), popular[0])


def _show(home: Home, dataset: Dataset, user_id: Any) -> None:
    from towhee_recsys.pipelines import RecommendConfig, call, recommend
    from towhee_recsys.stores.opening import open_record_store

    answer = call(recommend(RecommendConfig(**home.pipelines)), user_id)
    store = open_record_store(home.store_url)
    record = store.get_users([user_id])[0] or {}
    extra = [name for name, column in dataset.schema.items.items() if column.role != "text"][:2]
    about = ", ".join(f"{k} {as_text(v)}" for k, v in record.items() if k != USER_ID and v)
    past = store.get_items(store.get_histories([user_id])[0][-_SHOWN:][::-1])
    out = Console()
    if about:
        out.print(f"User {user_id}: {about}", highlight=False)
    table = Table()
    for name in (f"user {user_id} last met", "and is recommended", *extra):
        table.add_column(name)
    for met, item in zip_longest(past, answer[:_SHOWN]):
        table.add_row(
            escape(title_of(met)) if met else "",
            escape(title_of(item)) if item else "",
            *(escape(as_text(item.get(name))) if item else "" for name in extra),
        )
    out.print(table)


def _quality(bundle: Bundle) -> Table:
    meta = bundle.metadata
    table = Table()
    table.add_column("next item among the first ten of all")
    table.add_column("HR@10", justify="right")
    table.add_column("NDCG@10", justify="right")
    for name, metrics in (("this model", meta.validation), ("most popular items", meta.popularity)):
        table.add_row(name, f"{metrics['hr@10']:.3f}", f"{metrics['ndcg@10']:.3f}")
    return table
