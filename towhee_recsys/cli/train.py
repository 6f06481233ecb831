"""Commands on models: ``train`` and ``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from towhee_recsys.cli.common import (
    Data,
    Json,
    OtherData,
    console,
    holdout_option,
    load,
    positive,
    print_json,
    seconds,
    warn_of,
)
from towhee_recsys.cli.process import started

if TYPE_CHECKING:
    from towhee_recsys.bundle import Bundle, Metadata
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.operations.home import Home


def train(
    ctx: typer.Context,
    data: Data = "sample",
    preset: Annotated[
        Literal["fast", "balanced", "best"],
        typer.Option(
            help="[bold]fast[/bold]: a good model in minutes; [bold]best[/bold]: the best model, "
            "if you have the time; [bold]balanced[/bold]: between the two."
        ),
    ] = "balanced",
    epochs: Annotated[
        float | None,
        typer.Option(
            callback=positive,
            help="Number of passes through the data. By default as the preset says.",
        ),
    ] = None,
    time_budget: Annotated[
        str | None,
        typer.Option(
            help="Time from the start to the saved model: 90s, 5m. Overrides --epochs. It includes "
            "the time that the baselines take. Evaluating the model and the report take extra time."
        ),
    ] = None,
    holdout: Annotated[
        str,
        typer.Option(
            callback=holdout_option,
            metavar="auto|last-two|random-two|time:DATE|none",
            help="What to keep back from each user, to evaluate on: the last two interactions, or "
            "two random ones; or all from a date on, such as [bold]time:2024-05-31[/bold], as in "
            "production. [bold]auto[/bold]: the last two, if the data says which these are. "
            "[bold]none[/bold] trains on everything, for as many epochs as were best for the model "
            "in the home.",
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted run.")] = False,
    report: Annotated[
        bool, typer.Option(help="Write a report about the model and its figures.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Train a model, compare it with baselines, and save it in the home folder.

    Ctrl-C keeps the best model so far, and so does SIGTERM.
    """
    began = started()
    budget = seconds(time_budget) if time_budget else None
    home: Home = ctx.obj
    dataset = load(data)
    warn_of(dataset, data)

    from towhee_recsys.datasets import order_in_words
    from towhee_recsys.datasets.splits import NONE
    from towhee_recsys.operations import training
    from towhee_recsys.progress import TrainingBar

    model, config = training.settings(
        home,
        dataset,
        preset,
        epochs=epochs,
        time_budget=budget,
        holdout=holdout,
        seed=seed,
    )
    with console().status("timing the baselines"):
        within = training.baselines_in_time(dataset, config, began)
    with TrainingBar(console(), model.members) as bar:
        bundle = training.train(
            home,
            dataset,
            model,
            config,
            listener=bar,
            resume=resume,
            started=began,
            kept_back=within.seconds,
        )
    bundle, page = _measured(home, bundle, dataset, within.left_out, report)
    meta = bundle.metadata
    if as_json:
        paths = {"bundle": str(home.bundle), "report": str(page) if page else None}
        print_json({**paths, "fingerprint": bundle.fingerprint, **meta.model_dump()})
        return
    typer.echo(
        f"Model {bundle.fingerprint} was trained on {meta.interactions:,} interactions of "
        f"{meta.data} for {meta.epochs:.1f} epochs and saved in {home.bundle}"
    )
    if meta.order == "unknown":
        typer.echo(order_in_words(meta.order))
    if meta.validation or meta.test:
        _show_results(meta)
    elif meta.holdout != NONE:
        typer.echo("It was not evaluated: no user has enough interactions.")
    if page:
        typer.echo(f"Report: {page}")


def _measured(
    home: Home, bundle: Bundle, dataset: Dataset, left_out: dict[str, float], report: bool
) -> tuple[Bundle, Path | None]:
    """Measure the saved model and write about it: the bundle with its results, and the page.

    The model is safe by then, so whatever fails here is a warning.
    """
    from towhee_recsys.operations import training
    from towhee_recsys.progress import evaluation_bar

    page = None
    try:
        with evaluation_bar(console()) as progress:
            bundle, findings = training.measure(home, bundle, dataset, progress, left_out)
        if report:
            with console().status("writing the report"):
                page = training.write_report(home, bundle, dataset, findings)
    except Exception as exc:
        why = " ".join(str(exc).split()) or type(exc).__name__
        what = "measuring it or writing its report" if report else "measuring it"
        typer.echo(f"Warning: the model is saved, but {what} failed: {why}", err=True)
    return bundle, page


def _show_results(meta: Metadata) -> None:
    """What was measured, on stdout."""
    from towhee_recsys.bundle.comparison import verdict
    from towhee_recsys.cli.tables import print_table, results_table

    print_table(results_table(meta))
    found = verdict(meta.evaluated, meta.comparison)
    if found:
        typer.echo(found)


def evaluate(
    ctx: typer.Context,
    data: OtherData = None,
    items: Annotated[
        Literal["all", "rated"],
        typer.Option(help="Rank all items, or only those with an interaction."),
    ] = "all",
    baselines: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME…",
            help="Baselines to compare with beside popularity and EASE (item-kNN with more than "
            "10,000 items): [bold]ials[/bold], [bold]ease[/bold], [bold]decayed-ease[/bold], "
            "[bold]item-knn[/bold]. Each is tuned first, which takes minutes.",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Rank all items for what was kept back of every user, which training did not see.

    The model is compared with baselines.
    """
    ctx.obj.check_model()
    from towhee_recsys.evaluation import evaluate as measure
    from towhee_recsys.progress import evaluation_bar

    names = [name.strip() for name in baselines.split(",") if name.strip()]
    bundle, dataset = ctx.obj.bundle, load(data) if data else None
    with evaluation_bar(console()) as progress:
        result = measure(bundle, dataset, items=items, baselines=names, progress=progress)
    if as_json:
        print_json(result.as_dict())
        return
    from towhee_recsys.bundle.comparison import verdict
    from towhee_recsys.cli.tables import (
        print_table,
        quality_table,
        segments_legend,
        segments_table,
    )
    from towhee_recsys.datasets import holdout_in_words, order_in_words

    typer.echo(f"{result.users:,} users evaluated, {result.items:,} items ranked; lists of ten")
    typer.echo(holdout_in_words(result.holdout))
    if result.order == "unknown":
        typer.echo(order_in_words(result.order))
    print_table(quality_table(result))
    typer.echo(verdict(result.users, result.comparison))
    if not result.intervals:
        return  # too few users for all that follows
    (hr_low, hr_high), (low, high) = result.intervals["hr@10"], result.intervals["ndcg@10"]
    typer.echo(
        f"For {result.test['hr@10']:.0%} of users the held-out item is in the top 10 "
        f"(test, 95%: HR {hr_low:.4f} to {hr_high:.4f}, NDCG {low:.4f} to {high:.4f})."
    )
    if result.calibration:
        typer.echo(
            "Probability that an item of the top 10 is the held-out one: predicted "
            f"{result.calibration['predicted']:.1%}, observed "
            f"{result.calibration['observed']:.1%}."
        )
    print_table(segments_table(result))
    typer.echo(segments_legend(result))
