"""Commands on data sets: ``download``, ``init`` and ``validate``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from towhee_recsys.cli.common import Json, print_json


def download(
    name: Annotated[str, typer.Argument(help="ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m …")],
) -> None:
    """Download a MovieLens data set into the cache; an interrupted download goes on."""
    from towhee_recsys.datasets import download as fetch
    from towhee_recsys.progress import download_bar

    with download_bar(name) as progress:
        typer.echo(fetch(name, progress=progress))


def init(
    sources: Annotated[
        list[Path], typer.Argument(metavar="FOLDER|FILES", help="Your tables.", show_default=False)
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace an existing dataset.yaml.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at your tables and write a dataset.yaml that describes them.

    It guesses what each table and each column is, and says why in comments. Nothing is trained.

    Columns of users that look private are left out.

    For example, with plays.csv, tracks.csv and listeners.csv in a folder music:

    [bold]towhee-recsys init music[/bold]

    [bold]towhee-recsys validate music/dataset.yaml[/bold]

    [bold]towhee-recsys train --data music/dataset.yaml[/bold]
    """
    from towhee_recsys.datasets.describing import describe, place
    from towhee_recsys.errors import DataError
    from towhee_recsys.files import replace_file

    path = place(sources)
    if path.exists() and not force:
        raise DataError(f"{path} is there already; change it by hand, or replace it with --force")
    draft = describe(sources)
    with replace_file(path) as new:
        new.write_text(draft.text, "utf-8")
    if as_json:
        print_json({"path": str(path), "decisions": draft.decisions})
        return
    typer.echo("\n".join(draft.decisions))
    near = Path.cwd() in path.parents
    named = shlex.quote(str(path.relative_to(Path.cwd()) if near else path))
    typer.echo(f"Written: {named}. Read it, change what is wrong, and go on with:")
    typer.echo(f"  towhee-recsys validate {named}\n  towhee-recsys train --data {named}")


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
