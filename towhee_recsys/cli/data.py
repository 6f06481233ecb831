"""Commands on data sets: ``download`` and ``validate``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from towhee_recsys.cli.common import Json


def download(
    name: Annotated[str, typer.Argument(help="ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m …")],
) -> None:
    """Download a MovieLens data set into the cache; an interrupted download goes on."""
    from towhee_recsys.datasets import download as fetch
    from towhee_recsys.progress import download_bar

    with download_bar(name) as progress:
        typer.echo(fetch(name, progress=progress))


def validate(
    data: Annotated[str, typer.Argument(help="As for --data elsewhere.")], as_json: Json = False
) -> None:
    """Show how a data set is understood, and everything that is wrong with it."""
    from towhee_recsys.datasets import validate as check
    from towhee_recsys.progress import download_bar

    with download_bar(data) as progress:
        report = check(data, progress=progress)
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else str(report))
    if not report.ok:
        raise typer.Exit(1)
