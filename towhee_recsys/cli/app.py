"""Assemble the command line: the global options, and the commands in the order of ``--help``.

Nothing heavy is imported before the command that needs it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from towhee_recsys._version import __version__
from towhee_recsys.cli.common import command
from towhee_recsys.cli.data import download, init, validate
from towhee_recsys.cli.demo import demo
from towhee_recsys.cli.events import export_user, forget, rate
from towhee_recsys.cli.hub import app as hub
from towhee_recsys.cli.operate import doctor, ingest, status
from towhee_recsys.cli.process import configure
from towhee_recsys.cli.recommend import recommend, similar
from towhee_recsys.cli.train import evaluate, train

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Recommendations from Milvus: tables in, a trained model, an index and answers out.\n\n"
    "Everything is kept in one home folder, so no command needs paths from the one before. "
    "For a first look: [bold]towhee-recsys demo --data sample[/bold]. With your own data: "
    "[bold]init[/bold], [bold]validate[/bold], [bold]train[/bold], [bold]ingest[/bold], "
    "[bold]recommend[/bold].",
)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed with one clear line, 2 wrong usage."""
    configure()
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


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


for run in (
    demo, download, init, validate, train, evaluate, ingest, recommend, similar, rate,
    forget, export_user, status, doctor,
):  # fmt: skip
    app.command()(command(run))
app.add_typer(hub, name="hub")
