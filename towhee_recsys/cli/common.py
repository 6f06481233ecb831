"""What all commands share: the library's errors → one line and an exit code, answers → JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, ParamSpec

import typer

from towhee_recsys.errors import RecsysError

P = ParamSpec("P")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def command(run: Callable[P, None]) -> Callable[P, None]:
    """Turn the library's errors into one line on stderr and exit code 1."""

    @wraps(run)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            run(*args, **kwargs)
        except (RecsysError, OSError) as exc:  # OSError: a home that cannot be written, say
            typer.echo(f"Error: {exc}", err=True)
            raise typer.Exit(1) from exc
        except KeyboardInterrupt as exc:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(1) from exc

    return guarded


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
