"""Commands that answer: ``recommend`` and ``similar``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from towhee_recsys.cli.common import Filter, Json, TopK, console, json_object, load, print_json
from towhee_recsys.types import MAX_REASONS, USER_ID

if TYPE_CHECKING:
    from towhee_recsys.operations.home import Home


def recommend(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Argument(help="A user's id.")] = None,
    record: Annotated[
        str | None, typer.Option("--user", help="""A user's record, as JSON: '{"age": 25}'.""")
    ] = None,
    history: Annotated[
        str | None, typer.Option(help="Item ids, oldest first, in place of the stored ones: 1,50.")
    ] = None,
    top_k: TopK = 10,
    filter: Filter = None,
    seen: Annotated[
        Literal["exclude", "include", "demote"],
        typer.Option(help="Exclude, include or demote items already seen."),
    ] = "exclude",
    diversity: Annotated[
        float,
        typer.Option(min=0, max=1, help="How much the items should differ from one another."),
    ] = 0,
    explain: Annotated[
        int,
        typer.Option(min=0, max=MAX_REASONS, help="Number of seen items to name as reasons."),
    ] = 0,
    calibrate: Annotated[
        bool, typer.Option(help="Show how likely each item is to be the user's next one.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Recommend to all users of the data and write this .jsonl or .parquet file; an "
            "interrupted run goes on."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="With --to: whose users. By default the data that the model was trained on."
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME…",
            help="With --to: columns of the items' records to write: title,year. By default "
            ".jsonl has all of them, and .parquet none.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recommend items to a user, to anyone you describe, or to everybody.

    --user and --history describe somebody, known or not. --to writes a file with the
    recommendations for all users. Without a user, the most popular items are recommended.
    """
    settings: dict[str, Any] = {"diversity": diversity, "explain": explain, "calibrate": calibrate}
    settings["top_k"] = top_k
    if to is not None:
        if user or record or history or filter or seen != "exclude":
            raise typer.BadParameter(
                "--to is for all users alike; it goes with --top-k, --diversity, --explain and "
                "--calibrate only"
            )
        _recommend_to_all(ctx.obj, to, settings, data, columns, as_json)
        return
    for option, value in (("--data", data), ("--columns", columns)):
        if value:
            raise typer.BadParameter(f"{option} goes with --to")
    home: Home = ctx.obj
    home.check_ingested()
    from towhee_recsys.components.notes import Notes
    from towhee_recsys.pipelines import RecommendConfig, call
    from towhee_recsys.pipelines import recommend as build

    request: dict[str, Any] = {**settings, "seen": seen}
    if user is not None:
        request["user_id"] = home.parse_id(user, "user_id")
    if record is not None:
        request["user"] = json_object(record, "--user")
    if history is not None:
        ids = [part.strip() for part in history.split(",") if part]
        request["history"] = home.parse_ids(ids, "item_id")
    if filter is not None:
        request["filter"] = json_object(filter, "--filter")
    with build(RecommendConfig(**home.pipelines)) as pipeline:
        answer = call(pipeline, request)
        _print_notes(Notes(pipeline.resources).on_recommended(request, answer))
    if as_json:
        print_json({"user_id": request.get("user_id"), "recommendations": answer})
    else:
        _print_items(home, answer)


def similar(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id.")],
    top_k: TopK = 10,
    filter: Filter = None,
    as_json: Json = False,
) -> None:
    """Find the items most similar to one item."""
    home: Home = ctx.obj
    home.check_ingested()
    from towhee_recsys.components.notes import Notes
    from towhee_recsys.pipelines import SimilarItemsConfig, call
    from towhee_recsys.pipelines import similar_items as build

    request: dict[str, Any] = {"item_id": home.parse_id(item, "item_id"), "top_k": top_k}
    if filter is not None:
        request["filter"] = json_object(filter, "--filter")
    with build(SimilarItemsConfig(**home.pipelines)) as pipeline:
        answer = call(pipeline, request)
        _print_notes(Notes(pipeline.resources).on_similar(request, answer))
    if as_json:
        print_json({"item_id": request["item_id"], "similar": answer})
    else:
        _print_items(home, answer)


def _recommend_to_all(
    home: Home,
    path: Path,
    settings: dict[str, Any],
    data: str | None,
    columns: str | None,
    as_json: bool,
) -> None:
    home.check_ingested()
    from rich.progress import Progress

    from towhee_recsys.components.forgetting import without_forgotten
    from towhee_recsys.pipelines import RecommendConfig, recommend_to_file

    everybody = load(data or home.data()).users[USER_ID].tolist()
    with home.open_store() as store:
        users = without_forgotten(store, everybody)
    if gone := len(everybody) - len(users):
        typer.echo(f"Left out {gone:,} user{'s' * (gone != 1)} that are forgotten.", err=True)
    config = RecommendConfig(**home.pipelines, **settings)
    names = None if columns is None else [part.strip() for part in columns.split(",") if part]
    out = console()
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("users", total=len(users))
        done = recommend_to_file(
            config,
            users,
            path,
            progress=lambda n: bar.update(task, completed=n),
            columns=names,
        )
    if as_json:
        print_json({"path": str(path.absolute()), "users": done})
    else:
        typer.echo(f"Recommendations for {done:,} users are in {path}.")


def _print_notes(notes: Iterable[str]) -> None:
    """On stderr; stdout is for the answer."""
    for note in notes:
        typer.echo(note, err=True)


def _print_items(home: Home, answer: list[dict[str, Any]]) -> None:
    from towhee_recsys.cli.tables import print_items

    if not answer:
        typer.echo("No items.")
        return
    print_items(answer, home.schema().titles)
