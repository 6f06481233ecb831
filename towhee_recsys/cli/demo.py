"""Show the whole way from a data set to recommendations, and explain each step."""

from __future__ import annotations

import os
import shutil
import sys
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from towhee_recsys.cli.common import Data, console, load, seconds
from towhee_recsys.errors import DownloadError
from towhee_recsys.types import ITEM_ID, USER_ID

if TYPE_CHECKING:
    from rich.console import Console

    from towhee_recsys.bundle import Bundle
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.operations.home import Home

_SHOWN = 8
"""Items of the history, and recommendations, that are shown."""


def demo(
    ctx: typer.Context,
    data: Data = "ml-1m",
    time_budget: Annotated[
        str, typer.Option(help="For training, on data other than the sample: 90s, 3m.")
    ] = "3m",
) -> None:
    """Go from tables to recommendations with titles, step by step, explained.

    If the data cannot be downloaded, the demo uses the built-in sample.
    """
    _narrate(ctx.obj, data, seconds(time_budget), console())


def _narrate(home: Home, data: str, time_budget: float, out: Console) -> None:
    """All steps, explained on `out`; the answer goes to stdout."""
    from towhee_recsys.bundle.comparison import verdict
    from towhee_recsys.cli.tables import results_table
    from towhee_recsys.text import mask

    started = time.monotonic()
    out.rule("[bold]1 · the data")
    dataset = _load(data, out)
    out.print(
        f"{len(dataset.users):,} users, {len(dataset.items):,} items, "
        f"{len(dataset.interactions):,} interactions from [bold]{dataset.name}[/bold]; "
        f"columns of an item: {', '.join(dataset.schema.items)}."
    )
    out.rule("[bold]2 · the model")
    out.print(
        "Two towers learn vectors of 256 numbers: one for each item, and one for each user, from "
        "the user's record and history. The item that a user chooses next should have the largest "
        "inner product with the user."
    )
    bundle = _train(home, dataset, time_budget, out)
    out.print(f"Model {bundle.fingerprint} is in {home.bundle}.", highlight=False)
    out.rule("[bold]3 · the index and the records")
    report = _ingest(home, dataset)
    out.print(
        f"{report['items']:,} item vectors are in Milvus ({mask(home.milvus_uri)}), records and "
        f"histories in {'a server' if home.store else 'an embedded Valkey, which speaks Redis'}."
    )
    out.rule("[bold]4 · recommendations")
    user_id = _somebody(dataset)
    _show(home, dataset, user_id)
    out.rule("[bold]5 · how good is that?")
    meta = bundle.metadata
    out.print("For how many users is the held-out item among the first ten of all?")
    out.print(results_table(meta))
    out.print(verdict(meta.evaluated, meta.comparison), highlight=False)
    minutes, rest = divmod(round(time.monotonic() - started), 60)
    out.print(f"Done in {minutes} min {rest} s. Three things to try next:", highlight=False)
    program = _program(home)
    unseen = _unseen(dataset, user_id)
    for command in (
        f"recommend {user_id} --top-k 5 --json",
        f"similar {unseen}",
        f"rate {user_id} {unseen}",
    ):
        out.print(f"  {program} {command}", highlight=False, soft_wrap=True)


def _program(home: Home) -> str:
    """How to call the command line from here, for this home."""
    name = "towhee-recsys" if shutil.which("towhee-recsys") else os.path.relpath(sys.argv[0])
    return name if home.folder == Path("recsys-home").absolute() else f"{name} --home {home.folder}"


def _load(data: str, out: Console) -> Dataset:
    try:
        return load(data)
    except DownloadError as exc:
        out.print(f"[yellow]{exc}[/yellow]\nUsing the built-in sample instead.")
        return load("sample")


def _train(home: Home, dataset: Dataset, time_budget: float, out: Console) -> Bundle:
    """The model of an earlier demo on the same data, or a new one."""
    from towhee_recsys.operations import training
    from towhee_recsys.progress import TrainingBar, evaluation_bar

    began = time.monotonic()
    bundle = training.earlier(home, dataset)
    if bundle is not None:
        return bundle
    small = dataset.source is not None and dataset.source.kind == "sample"
    budget = None if small else time_budget
    model, config = training.settings(home, dataset, "fast", time_budget=budget)
    within = training.baselines_in_time(dataset, config, began)
    with TrainingBar(out, model.members) as bar:
        bundle = training.train(
            home,
            dataset,
            model,
            config,
            listener=bar,
            checkpoint=False,
            started=began,
            kept_back=within.seconds,
        )
    with evaluation_bar(out) as progress:
        return training.measure(home, bundle, dataset, progress, within.left_out)[0]


def _ingest(home: Home, dataset: Dataset) -> dict[str, Any]:
    from towhee_recsys.pipelines import IngestConfig, call, ingest

    with ingest(IngestConfig(**home.pipelines)) as pipeline:
        report: dict[str, Any] = call(pipeline, dataset)
    return report


def _somebody(dataset: Dataset) -> Any:
    """The first user with a history worth looking at."""
    counts = dataset.interactions[USER_ID].value_counts()
    ids = dataset.users[USER_ID].tolist()
    return next((i for i in ids if 15 <= counts.get(i, 0) <= 60), ids[0])


def _unseen(dataset: Dataset, user_id: Any) -> Any:
    """The most popular item that the user has not seen."""
    table = dataset.interactions
    seen = set(table.loc[table[USER_ID] == user_id, ITEM_ID])
    popular = table[ITEM_ID].value_counts().index.tolist()
    return next((item for item in popular if item not in seen), popular[0])


def _show(home: Home, dataset: Dataset, user_id: Any) -> None:
    """A user's last items beside the recommendations, on stdout."""
    from rich.markup import escape
    from rich.table import Table

    from towhee_recsys.cli.tables import print_widest
    from towhee_recsys.pipelines import RecommendConfig, call, recommend
    from towhee_recsys.text import as_text, title_of

    with recommend(RecommendConfig(**home.pipelines)) as pipeline:
        answer = call(pipeline, user_id)
    with home.open_store() as store:
        record = store.get_users([user_id])[0] or {}
        past = store.get_items(store.get_histories([user_id])[0][-_SHOWN:][::-1])
    extra = [name for name, column in dataset.schema.items.items() if column.role != "text"][:2]
    about = ", ".join(f"{k} {as_text(v)}" for k, v in record.items() if k != USER_ID and v)
    if about:
        typer.echo(f"User {user_id}: {about}")
    titles = dataset.schema.titles
    saw = "has seen" if dataset.order == "unknown" else "last saw"

    def table(names: list[str]) -> Table:
        made = Table()
        for name in (f"user {user_id} {saw}", "and is recommended", *names):
            made.add_column(escape(name))
        for seen, item in zip_longest(past, answer[:_SHOWN]):
            made.add_row(
                escape(title_of(seen, titles)) if seen else "",
                escape(title_of(item, titles)) if item else "",
                *(escape(as_text(item.get(name))) if item else "" for name in names),
            )
        return made

    print_widest([table(extra[:shown]) for shown in range(len(extra), -1, -1)], titles=2)
