"""Commands on a deployment: ``ingest``, ``status`` and ``doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from towhee_recsys.cli.common import Json, OtherData, console, load, print_json

if TYPE_CHECKING:
    from towhee_recsys.operations.home import Home


def ingest(
    ctx: typer.Context,
    data: OtherData = None,
    restore_forgotten: Annotated[
        bool,
        typer.Option(
            "--restore-forgotten",
            help="Bring back the data's users and interactions that `forget` removed.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Fill the index and the store: item vectors, records, and every user's history.

    Users and interactions that `forget` removed are left out.
    """
    home: Home = ctx.obj
    home.check_model()
    from towhee_recsys.pipelines import IngestConfig, call
    from towhee_recsys.pipelines import ingest as build

    config = IngestConfig(**home.pipelines, restore_forgotten=restore_forgotten)
    with build(config) as pipeline:
        dataset = load(data or home.data())
        with console().status("writing vectors and records"):
            report = call(pipeline, dataset)
    if as_json:
        print_json(report)
        return
    typer.echo(
        f"Stored {report['items']:,} items, {report['users']:,} users and "
        f"{report['interactions']:,} interactions for model {report['fingerprint']}."
    )
    users, interactions = report["forgotten_users"], report["forgotten_interactions"]
    if users or interactions:
        what = f"{users:,} user{'s' * (users != 1)} and {interactions:,} interactions"
        typer.echo(
            f"Restored {what} that had been forgotten."
            if restore_forgotten
            else f"Left out {what} that are forgotten; --restore-forgotten brings them back."
        )
    if report["left"]:
        typer.echo(report["left"], err=True)


def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Show where everything is, ready to be passed to a pipeline's config."""
    from towhee_recsys.operations.status import status as look
    from towhee_recsys.text import mask

    found = look(ctx.obj)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name:<12} {'-' if value is None else mask(str(value))}")


def doctor(ctx: typer.Context, as_json: Json = False) -> None:
    """Check the installation, the stores, and whether model, index and records fit."""
    from towhee_recsys.operations.doctor import examine

    checks = examine(ctx.obj)
    if as_json:
        print_json([vars(check) for check in checks])
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name:<10} {check.detail}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
