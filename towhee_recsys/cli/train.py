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
    from towhee_recsys.bundle import Bundle
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
            help="Time from the start to the saved model: 90s, 5m. Overrides --epochs. The report "
            "takes extra time."
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
        bool, typer.Option(help="Evaluate the model on the test items and write a report.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Train a model and save it in the home folder. Ctrl-C keeps the best so far.

    So does SIGTERM.
    """
    began = started()
    budget = seconds(time_budget) if time_budget else None
    home: Home = ctx.obj
    dataset = load(data)
    warn_of(dataset, data)

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
    with TrainingBar(console(), model.members) as bar:
        bundle = training.train(
            home, dataset, model, config, listener=bar, resume=resume, started=began
        )
    bundle, page = _report(home, bundle, dataset) if report else (bundle, None)
    meta = bundle.metadata
    if as_json:
        paths = {"bundle": str(home.bundle), "report": str(page) if page else None}
        print_json({**paths, "fingerprint": bundle.fingerprint, **meta.model_dump()})
        return
    typer.echo(
        f"Model {bundle.fingerprint} was trained on {meta.interactions:,} interactions of "
        f"{meta.data} for {meta.epochs:.1f} epochs and saved in {home.bundle}"
    )
    if meta.validation:
        typer.echo(
            f"validation: {_figures(meta.validation)} (popularity: {_figures(meta.popularity)})"
        )
    if page:
        typer.echo(f"Report: {page}")


def _report(home: Home, bundle: Bundle, dataset: Dataset) -> tuple[Bundle, Path | None]:
    """Measure the saved model and write about it: the bundle with its results, and the page.

    The model is safe by then, so whatever fails here is a warning.
    """
    from towhee_recsys.operations import training
    from towhee_recsys.progress import evaluation_bar

    page = None
    try:
        with evaluation_bar(console()) as progress:
            bundle, findings = training.measure(home, bundle, dataset, progress)
        with console().status("writing the report"):
            page = training.write_report(home, bundle, dataset, findings)
    except Exception as exc:
        why = " ".join(str(exc).split()) or type(exc).__name__
        typer.echo(f"Warning: the model is saved, but it has no report: {why}", err=True)
    return bundle, page


def _figures(metrics: dict[str, float]) -> str:
    return "  ".join(f"{name.upper()} {value:.4f}" for name, value in metrics.items())


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
            help="Baselines to compare with beside popularity: [bold]ials[/bold], "
            "[bold]ease[/bold], [bold]decayed-ease[/bold]. Each is tuned first, which takes "
            "minutes.",
        ),
    ] = "popularity",
    as_json: Json = False,
) -> None:
    """Rank all items for what was kept back of every user, which training did not see."""
    from towhee_recsys.evaluation import evaluate as measure
    from towhee_recsys.progress import evaluation_bar

    names = [name.strip() for name in baselines.split(",") if name.strip()]
    bundle, dataset = ctx.obj.bundle, load(data) if data else None
    with evaluation_bar(console()) as progress:
        result = measure(bundle, dataset, items=items, baselines=names, progress=progress)
    if as_json:
        print_json(result.as_dict())
        return
    from towhee_recsys.cli.tables import (
        print_table,
        quality_table,
        segments_legend,
        segments_table,
    )

    (hr_low, hr_high), (low, high) = result.intervals["hr@10"], result.intervals["ndcg@10"]
    typer.echo(f"{result.users:,} users evaluated, {result.items:,} items ranked; lists of ten")
    print_table(quality_table(result))
    typer.echo(
        f"For {result.test['hr@10']:.0%} of users the held-out item is in the top 10 "
        f"(test, 95%: HR {hr_low:.4f} to {hr_high:.4f}, NDCG {low:.4f} to {high:.4f})."
    )
    if result.calibration:
        typer.echo(
            "Probability that an item of the top 10 is the next one: predicted "
            f"{result.calibration['predicted']:.1%}, observed "
            f"{result.calibration['observed']:.1%}."
        )
    print_table(segments_table(result))
    typer.echo(segments_legend(result))
