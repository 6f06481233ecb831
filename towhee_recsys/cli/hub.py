"""Commands on the folders of Towhee's hub: ``hub list``, ``check``, ``export``, ``publish``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from towhee_recsys.cli.common import Json, command, console, print_json

if TYPE_CHECKING:
    from towhee_recsys.hub import Folder

app = typer.Typer(
    no_args_is_help=True,
    help="Operators and pipelines in the form of Towhee's hub: a repository each, which Towhee "
    "loads by name: [bold]ops.recsys.item_encoder(…)[/bold].",
)

Root = Annotated[
    Path | None,
    typer.Option(
        "--from",
        help="A folder with operators/ and pipelines/. By default this library's own.",
        exists=True,
        file_okay=False,
    ),
]
Names = Annotated[list[str] | None, typer.Argument(help="Names of folders. By default all.")]


@app.command("list")
@command
def list_folders(root: Root = None, as_json: Json = False) -> None:
    """List the folders: kind, name and purpose."""
    found = [
        {"kind": f.kind, "name": f"recsys/{f.name}", "path": str(f.path), "title": _title(f)}
        for f in _chosen(None, root)
    ]
    if as_json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['kind']:<9} {one['name']:<24} {one['title']}")


@app.command("check")
@command
def check_folders(names: Names = None, root: Root = None, as_json: Json = False) -> None:
    """Load each folder with Towhee's own loader, and compare its README's settings with the code's.

    Exit code 1 if something is wrong. This runs the code of the folders.
    """
    from rich.progress import track

    from towhee_recsys.hub import check

    found = {
        f"{folder.kind}s/{folder.name}": check(folder)
        for folder in track(_chosen(names, root), "checking", transient=True, console=console())
    }
    if as_json:
        print_json(found)
    else:
        for name, problems in found.items():
            typer.echo(f"{'FAIL' if problems else 'ok  '} {name}")
            for problem in problems:
                typer.echo(f"     {problem}")
    if any(found.values()):
        raise typer.Exit(1)


@app.command("export")
@command
def export_folders(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Created if missing.")],
    names: Names = None,
    root: Root = None,
) -> None:
    """Write the folders as Towhee's cache has them, so that TOWHEE_HOME=DIR finds them by name."""
    from towhee_recsys.hub import export

    placed = export(target, _chosen(names, root))
    typer.echo(
        f"{len(placed)} folders are in {target.absolute()}.\n"
        f"Use them: TOWHEE_HOME={target.absolute()} python your_program.py"
    )


@app.command("publish")
@command
def publish_folders(
    remote: Annotated[
        str,
        typer.Option(
            help="URL of the folder of the repositories, such as https://towhee.io/recsys; they "
            "must exist. Keep credentials in git's credential helper; in a URL they are masked.",
        ),
    ],
    names: Names = None,
    root: Root = None,
    version: Annotated[
        str | None, typer.Option(help="Version of the tag. By default this library's.")
    ] = None,
) -> None:
    """Check all folders, then push each to its own git repository, with a version tag."""
    from towhee_recsys._version import __version__
    from towhee_recsys.errors import HubError
    from towhee_recsys.hub import check, publish
    from towhee_recsys.hub.publishing import address, masked

    version = (version or __version__).removeprefix("v")
    chosen = _chosen(names, root)
    broken = [f"{folder.name}: {problem}" for folder in chosen for problem in check(folder)]
    if broken:
        raise HubError(f"nothing was published: {'; '.join(broken)}")
    for folder in chosen:
        outcome = publish(folder, remote, version)
        typer.echo(f"{outcome:<9} {masked(address(folder, remote))} v{version}")


def _chosen(names: list[str] | None, root: Path | None) -> list[Folder]:
    from towhee_recsys.errors import HubError
    from towhee_recsys.hub import folders
    from towhee_recsys.hub.folders import Kind

    found = folders(root)
    if not names:
        return found
    chosen = []
    for name in names:
        place, _, last = name.rstrip("/").replace("-", "_").rpartition("/")
        kinds = [place.removesuffix("s")] if place in ("operators", "pipelines") else get_args(Kind)
        those = [folder for folder in found if folder.name == last and folder.kind in kinds]
        if not those:
            known = ", ".join(f"{folder.kind}s/{folder.name}" for folder in found)
            raise HubError(f"there is no folder {name}; there are {known}")
        chosen += those
    return chosen


def _title(folder: Folder) -> str:
    from towhee_recsys.hub.readme import Readme

    readme = folder.path / "README.md"
    if not readme.is_file():
        return "(no README.md)"
    return Readme.read(readme.read_text("utf-8", errors="replace")).title
