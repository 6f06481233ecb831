"""The command ``towhee-recsys``: what is typed → calls of the library, and answers in plain words.

Nothing heavy is imported before the command that needs it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from towhee_recsys._version import __version__
from towhee_recsys.cli.common import Json, command, print_json
from towhee_recsys.cli.hub import app as hub
from towhee_recsys.errors import BundleError, RequestError
from towhee_recsys.types import MAX_REASONS, MAX_TOP_K

if TYPE_CHECKING:
    from rich.console import Console

    from towhee_recsys.bundle import Bundle
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.evaluation import Evaluation
    from towhee_recsys.operations.home import Home

_QUICK_EASE = 5_000
"""Items up to which a report compares with EASE, which inverts a matrix of items by items."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Recommendations from Milvus: tables in, a trained model, an index and answers out.\n\n"
    "Everything is kept in one home folder, so that no command needs paths from the one before. "
    "A first look: [bold]towhee-recsys demo --data sample[/bold]. With data of your own: "
    "[bold]validate[/bold], [bold]train[/bold], [bold]ingest[/bold], [bold]recommend[/bold].",
)

Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="[bold]sample[/bold], a MovieLens name ([bold]ml-1m[/bold], ml-100k, ml-latest-small "
        "…), a MovieLens zip or folder, or the YAML file that describes tables of your own.",
    ),
]
TopK = Annotated[int, typer.Option("--top-k", "-n", min=1, max=MAX_TOP_K, help="Items to answer.")]
Filter = Annotated[
    str | None,
    typer.Option(
        "--filter", help="""Conditions as JSON: '{"genres": ["Comedy"], "year": {"gte": 1990}}'."""
    ),
]


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 failed with one clear line, 2 wrong usage."""
    # Towhee and Paddle say things on import that concern their own developers.
    warnings.filterwarnings("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _positive(value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{value:g} is not above 0")
    return value


app.add_typer(hub, name="hub")


@app.callback()
def options(
    ctx: typer.Context,
    home: Annotated[
        Path,
        typer.Option(envvar="TOWHEE_RECSYS_HOME", help="Folder for model, index and records."),
    ] = Path("recsys-home"),
    milvus_uri: Annotated[
        str | None,
        typer.Option(
            envvar="TOWHEE_RECSYS_MILVUS_URI",
            help="A Milvus server in place of the home's own file: http://host:19530.",
        ),
    ] = None,
    store_url: Annotated[
        str | None,
        typer.Option(
            envvar="TOWHEE_RECSYS_STORE_URL",
            help="A server in place of the home's own store: redis://… or mysql+pymysql://…",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    from towhee_recsys.operations.home import Home

    ctx.obj = Home(home.absolute(), milvus_uri, store_url)


@app.command()
@command
def demo(
    ctx: typer.Context,
    data: Data = "ml-1m",
    time_budget: Annotated[
        str, typer.Option(help="For training, on data other than the sample: 90s, 3m.")
    ] = "3m",
) -> None:
    """From tables to recommendations with titles, step by step, explained.

    Where the data cannot be downloaded, the demo goes on with the built-in sample.
    """
    from towhee_recsys.cli import demo as narrated

    narrated.run(ctx.obj, data, _seconds(time_budget), _console())


@app.command()
@command
def download(
    name: Annotated[str, typer.Argument(help="ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m …")],
) -> None:
    """Fetch a MovieLens data set into the cache; an interrupted download is taken up again."""
    from towhee_recsys.datasets import download as fetch
    from towhee_recsys.progress import download_bar

    with download_bar(name) as progress:
        typer.echo(fetch(name, progress=progress))


@app.command()
@command
def validate(
    data: Annotated[str, typer.Argument(help="As for --data elsewhere.")], as_json: Json = False
) -> None:
    """Say what is understood of a data set, and all that is wrong with it."""
    from towhee_recsys.datasets import validate as check
    from towhee_recsys.progress import download_bar

    with download_bar(data) as progress:
        report = check(data, progress=progress)
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else str(report))
    if not report.ok:
        raise typer.Exit(1)


@app.command()
@command
def train(
    ctx: typer.Context,
    data: Data = "sample",
    preset: Annotated[
        Literal["fast", "balanced", "best"],
        typer.Option(
            help="[bold]fast[/bold]: a good model in minutes; [bold]best[/bold]: the best there "
            "is, for those who have the time; [bold]balanced[/bold]: between the two."
        ),
    ] = "balanced",
    epochs: Annotated[
        float | None,
        typer.Option(
            callback=_positive,
            help="How often to go through the data. By default as the preset says.",
        ),
    ] = None,
    time_budget: Annotated[
        str | None,
        typer.Option(
            help="From the start to the saved model: 90s, 5m. Overrides --epochs. The report comes "
            "on top."
        ),
    ] = None,
    holdout: Annotated[
        Literal["last-two", "none"],
        typer.Option(
            help="[bold]last-two[/bold] keeps back each user's last two interactions, to evaluate "
            "on; [bold]none[/bold] trains on everything, for production, and for as many epochs "
            "as the model that is there took."
        ),
    ] = "last-two",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    resume: Annotated[bool, typer.Option(help="Go on with a run that was interrupted.")] = False,
    report: Annotated[
        bool, typer.Option(help="Measure the model on the test items and write a page about it.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Train a model and keep it in the home folder. Ctrl-C keeps the best so far."""
    started = _started()
    home: Home = ctx.obj
    dataset = _load(data)
    if holdout == "none" and epochs is None and time_budget is None:
        epochs = _epochs_before(home, dataset)

    from towhee_recsys.progress import TrainingBar
    from towhee_recsys.training import preset as settings
    from towhee_recsys.training import train as fit
    from towhee_recsys.training.checkpoint import Checkpoint

    model, config = settings(preset)
    asked: dict[str, Any] = {"holdout": holdout, "seed": seed}
    if epochs is not None:
        asked |= {"epochs": epochs, "min_steps": 1}
    if time_budget:
        asked["time_budget"] = _seconds(time_budget)
    config = config.model_copy(update=asked)
    with TrainingBar(_console(), model.members) as bar:
        bundle = fit(
            dataset,
            config,
            model,
            checkpoint=home.checkpoint,
            resume=resume,
            listener=bar,
            started=started,
        )
    bundle.save(home.bundle)
    if not bundle.metadata.interrupted:
        Checkpoint.remove(home.checkpoint)
    bundle, page = _report(home, bundle, dataset) if report else (bundle, None)
    meta = bundle.metadata
    if as_json:
        paths = {"bundle": str(home.bundle), "report": str(page) if page else None}
        print_json({**paths, "fingerprint": bundle.fingerprint, **meta.model_dump()})
        return
    typer.echo(
        f"Model {bundle.fingerprint} trained on {meta.interactions:,} interactions of "
        f"{meta.data} for {meta.epochs:.1f} epochs, saved in {home.bundle}"
    )
    if meta.validation:
        typer.echo(
            f"validation: {_figures(meta.validation)} (popularity: {_figures(meta.popularity)})"
        )
    if page:
        typer.echo(f"Report: {page}")


@app.command()
@command
def evaluate(
    ctx: typer.Context,
    data: Annotated[
        str | None, typer.Option(help="By default what the model was trained on.")
    ] = None,
    items: Annotated[
        Literal["all", "rated"],
        typer.Option(help="Rank all items, or only those that somebody met."),
    ] = "all",
    baselines: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME…",
            help="What to compare with beside popularity: [bold]ials[/bold], [bold]ease[/bold], "
            "[bold]decayed-ease[/bold]. Their settings are tried out first, which takes minutes.",
        ),
    ] = "popularity",
    as_json: Json = False,
) -> None:
    """Rank all items for every user's last two interactions, which training did not see."""
    from towhee_recsys.evaluation import evaluate as measure
    from towhee_recsys.progress import evaluation_bar

    names = [name.strip() for name in baselines.split(",") if name.strip()]
    bundle, dataset = ctx.obj.bundle, _load(data) if data else None
    with evaluation_bar(_console()) as progress:
        result = measure(bundle, dataset, items=items, baselines=names, progress=progress)
    if as_json:
        print_json(result.as_dict())
        return
    from rich.console import Console

    from towhee_recsys.cli.tables import quality_table, segments_table

    (hr_low, hr_high), (low, high) = result.intervals["hr@10"], result.intervals["ndcg@10"]
    typer.echo(f"{result.users:,} users, {result.items:,} items ranked; lists of ten")
    Console().print(quality_table(result))
    typer.echo(
        f"test, 95%: HR {hr_low:.4f} to {hr_high:.4f}, NDCG {low:.4f} to {high:.4f} "
        f"({100 * result.test['hr@10']:.0f} of 100 next items are among the first ten)"
    )
    if result.calibration:
        typer.echo(
            "how likely each of the first ten is the next item: "
            f"{result.calibration['predicted']:.4f} foretold, "
            f"{result.calibration['observed']:.4f} came true"
        )
    Console().print(segments_table(result))


@app.command()
@command
def ingest(
    ctx: typer.Context,
    data: Annotated[
        str | None, typer.Option(help="By default what the model was trained on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fill the index and the store: items' vectors, records, and everybody's history."""
    from towhee_recsys.pipelines import IngestConfig, call
    from towhee_recsys.pipelines import ingest as build

    home: Home = ctx.obj
    pipeline = build(IngestConfig(**home.pipelines))
    dataset = _load(data) if data else _recorded(home)
    with _console().status("writing vectors and records"):
        report = call(pipeline, dataset)
    if as_json:
        print_json(report)
    else:
        typer.echo(
            f"{report['items']:,} items, {report['users']:,} users and "
            f"{report['interactions']:,} interactions are in place for model "
            f"{report['fingerprint']}"
        )


@app.command()
@command
def recommend(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Argument(help="A user's id.")] = None,
    record: Annotated[
        str | None, typer.Option("--user", help="""Somebody's record, as JSON: '{"age": 25}'.""")
    ] = None,
    history: Annotated[
        str | None, typer.Option(help="Item ids, oldest first, in place of the stored ones: 1,50.")
    ] = None,
    top_k: TopK = 10,
    filter: Filter = None,
    seen: Annotated[
        Literal["exclude", "include", "demote"],
        typer.Option(help="Leave out what the user has met, or not, or let it come last."),
    ] = "exclude",
    diversity: Annotated[
        float,
        typer.Option(min=0, max=1, help="How much the items should differ from one another."),
    ] = 0,
    explain: Annotated[
        int,
        typer.Option(
            min=0, max=MAX_REASONS, help="Name so many seen items as reasons for each item."
        ),
    ] = 0,
    calibrate: Annotated[
        bool, typer.Option(help="Say how likely each item is to be the user's next one.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Recommend to all users of the data, into this .jsonl or .parquet file; a run "
            "that was cut short goes on."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Whose users to recommend --to; by default the model's data's."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recommend items to a user; to anybody described with --user or --history; to nobody in
    particular; or, with --to, to everybody."""
    if to is not None:
        if user or record or history or filter or seen != "exclude":
            raise typer.BadParameter(
                "--to is for all users alike: it goes with --top-k, --diversity, --explain and "
                "--calibrate alone"
            )
        settings = {"diversity": diversity, "explain": explain, "calibrate": calibrate}
        _recommend_to_all(ctx.obj, to, {"top_k": top_k, **settings}, data, as_json)
        return
    if data:
        raise typer.BadParameter("--data goes with --to")
    from towhee_recsys.pipelines import RecommendConfig, call
    from towhee_recsys.pipelines import recommend as build

    home: Home = ctx.obj
    request: dict[str, Any] = {"top_k": top_k, "seen": seen, "diversity": diversity}
    request |= {"explain": explain, "calibrate": calibrate}
    if user is not None:
        request["user_id"] = home.parse_id(user, "user_id")
    if record is not None:
        request["user"] = _json_object(record, "--user")
    if history is not None:
        request["history"] = [home.parse_id(i.strip(), "item_id") for i in history.split(",") if i]
    if filter is not None:
        request["filter"] = _json_object(filter, "--filter")
    answer = call(build(RecommendConfig(**home.pipelines)), request)
    if as_json:
        print_json({"user_id": request.get("user_id"), "recommendations": answer})
    else:
        _print_items(answer)


@app.command()
@command
def similar(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id.")],
    top_k: TopK = 10,
    filter: Filter = None,
    as_json: Json = False,
) -> None:
    """The items most like one."""
    from towhee_recsys.pipelines import SimilarItemsConfig, call
    from towhee_recsys.pipelines import similar_items as build

    home: Home = ctx.obj
    request: dict[str, Any] = {"item_id": home.parse_id(item, "item_id"), "top_k": top_k}
    if filter is not None:
        request["filter"] = _json_object(filter, "--filter")
    answer = call(build(SimilarItemsConfig(**home.pipelines)), request)
    if as_json:
        print_json({"item_id": request["item_id"], "similar": answer})
    else:
        _print_items(answer)


@app.command()
@command
def rate(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="A user's id; a new one is welcome.")],
    item: Annotated[str, typer.Argument(help="An item's id.")],
    as_json: Json = False,
) -> None:
    """Add an interaction; the user's next recommendations know of it."""
    from towhee_recsys.stores.opening import open_record_store

    home: Home = ctx.obj
    user_id, item_id = home.parse_id(user, "user_id"), home.parse_id(item, "item_id")
    store = open_record_store(home.store_url)
    record = store.get_items([item_id])[0]
    if record is None:
        raise RequestError(f"there is no item {item_id!r} in the store; see that it was ingested")
    new = store.add_interactions([{"user_id": user_id, "item_id": item_id}])
    if as_json:
        print_json({"user_id": user_id, "item_id": item_id, "new": bool(new)})
    else:
        what = _title(record)
        typer.echo(
            f"User {user_id} has met {what}."
            if new
            else f"User {user_id} had met {what} before; nothing changed."
        )


@app.command()
@command
def forget(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="A user's id.")],
    item: Annotated[
        str | None, typer.Argument(help="An item's id; without it, all that is known of the user.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take back an interaction, or remove a user's record and whole history."""
    from towhee_recsys.stores.opening import open_record_store

    home: Home = ctx.obj
    user_id = home.parse_id(user, "user_id")
    item_id = None if item is None else home.parse_id(item, "item_id")
    store = open_record_store(home.store_url)
    if item_id is None:
        removed = store.forget_users([user_id])
        done, nothing = "Nothing is known of user {} any more.", "Nothing was known of user {}."
    else:
        removed = store.remove_interactions(user_id, [item_id])
        done, nothing = "User {} has not met item {}.", "User {} had not met item {}."
    if as_json:
        print_json({"user_id": user_id, "item_id": item_id, "removed": bool(removed)})
    else:
        typer.echo((done if removed else nothing).format(user_id, item_id))


@app.command()
@command
def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Where everything is, ready to be passed to a pipeline's config."""
    from towhee_recsys.operations.doctor import status as look

    found = look(ctx.obj)
    if as_json:
        print_json(found)
        return
    from towhee_recsys.stores.urls import mask

    for name, value in found.items():
        typer.echo(f"{name:<12} {'-' if value is None else mask(str(value))}")


@app.command()
@command
def doctor(ctx: typer.Context, as_json: Json = False) -> None:
    """What is installed, which services answer, and whether model, index and store fit."""
    from towhee_recsys.operations.doctor import examine

    checks = examine(ctx.obj)
    if as_json:
        print_json([vars(check) for check in checks])
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name:<10} {check.detail}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _recommend_to_all(
    home: Home, path: Path, settings: dict[str, Any], data: str | None, as_json: bool
) -> None:
    from rich.progress import Progress

    from towhee_recsys.pipelines import RecommendConfig, recommend_to_file
    from towhee_recsys.types import USER_ID

    dataset = _load(data) if data else _recorded(home)
    users = dataset.users[USER_ID].tolist()
    config = RecommendConfig(**home.pipelines, **settings)
    with Progress(console=_console(), transient=True) as bar:
        task = bar.add_task("users", total=len(users))
        done = recommend_to_file(
            config, users, path, progress=lambda n: bar.update(task, completed=n)
        )
    if as_json:
        print_json({"path": str(path.absolute()), "users": done})
    else:
        typer.echo(f"Recommendations for {done:,} users are in {path}.")


def _load(data: str) -> Dataset:
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.progress import download_bar

    with download_bar(data) as progress:
        return Dataset.load(data, progress=progress)


def _report(home: Home, bundle: Bundle, dataset: Dataset) -> tuple[Bundle, Path | None]:
    """Measure the saved model and write about it: the bundle with its results, and the page.

    The model is safe by then, so that whatever fails here is a warning.
    """
    page = None
    try:
        from towhee_recsys.reporting.findings import Findings, with_results
        from towhee_recsys.reporting.report import write_report

        findings = None
        if bundle.metadata.holdout != "none":
            findings = Findings.of(_measured(bundle, dataset))
            bundle = with_results(bundle, findings)
            bundle.save(home.bundle)
        with _console().status("writing the report"):
            page = write_report(home.report, bundle, dataset, findings)
    except Exception as exc:
        why = " ".join(str(exc).split()) or type(exc).__name__
        typer.echo(f"Warning: the model is saved, but there is no report of it: {why}", err=True)
    return bundle, page


def _measured(bundle: Bundle, dataset: Dataset) -> Evaluation:
    from towhee_recsys.evaluation import evaluate
    from towhee_recsys.progress import evaluation_bar

    # What is quick to fit; `evaluate` compares with more.
    baselines = ["ease", "decayed-ease"] if len(dataset.items) <= _QUICK_EASE else []
    with evaluation_bar(_console()) as progress:
        return evaluate(bundle, dataset, baselines=baselines, progress=progress)


def _recorded(home: Home) -> Dataset:
    """The data that the home's model was trained on."""
    location = home.metadata().location
    if location is None:
        raise RequestError("the model was trained on data frames; name the data with --data")
    return _load(location)


def _epochs_before(home: Home, dataset: Dataset) -> float | None:
    """How long the home's model, validated on the same data, was best trained."""
    try:
        meta = home.metadata()
    except BundleError:
        return None
    same = dataset.source is not None and meta.sha256 == dataset.source.sha256
    return meta.epochs if same and not meta.interrupted else None


def _console() -> Console:
    """stderr: stdout is for answers."""
    from rich.console import Console

    return Console(stderr=True)


def _print_items(answer: list[dict[str, Any]]) -> None:
    from towhee_recsys.cli.tables import items_table

    if not answer:
        typer.echo("No item passes: everything was seen, left out, or stopped by the filter.")
        return
    from rich.console import Console

    Console().print(items_table(answer))


def _figures(metrics: dict[str, float]) -> str:
    return "  ".join(f"{name.upper()} {value:.4f}" for name, value in metrics.items())


def _title(record: dict[str, Any]) -> str:
    from towhee_recsys.cli.tables import title_of

    return title_of(record)


def _json_object(text: str, option: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{option} is not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise typer.BadParameter(f"{option} must be a JSON object, such as '{{\"year\": 1999}}'")
    return value


def _seconds(text: str) -> float:
    """``90``, ``90s``, ``5m`` or ``1.5h`` → seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not found or float(found[1]) == 0:
        raise typer.BadParameter(f"'{text}' is no duration; give 90s, 5m or 1h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _started() -> float:
    """When this process began, on the clock of `time.monotonic`, imports included."""
    ticks = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0
    try:
        with open("/proc/self/stat") as stat:
            began = int(stat.read().rpartition(")")[2].split()[19]) / ticks
        return min(time.monotonic(), began)
    except (OSError, ValueError, ZeroDivisionError):
        return time.monotonic()
