"""Share what the commands have in common: errors, option types, output, and parsing."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from towhee_recsys.cli.process import SIGPIPE_EXIT, SIGTERM_EXIT, Terminated, silence_stdout
from towhee_recsys.errors import RecsysError
from towhee_recsys.types import MAX_TOP_K

if TYPE_CHECKING:
    from rich.console import Console

    from towhee_recsys.datasets import Dataset

P = ParamSpec("P")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="[bold]sample[/bold], a MovieLens name ([bold]ml-1m[/bold], ml-100k, ml-latest-small "
        "…), a MovieLens zip or folder, or the YAML file that describes your own tables.",
    ),
]
OtherData = Annotated[
    str | None, typer.Option("--data", help="By default the data that the model was trained on.")
]
TopK = Annotated[
    int, typer.Option("--top-k", "-n", min=1, max=MAX_TOP_K, help="Number of items to return.")
]
Filter = Annotated[
    str | None,
    typer.Option(
        "--filter", help="""Conditions as JSON: '{"genres": ["Comedy"], "year": {"gte": 1990}}'."""
    ),
]


def command(run: Callable[P, None]) -> Callable[P, None]:
    """Turn errors into one line on stderr and an exit code."""

    @wraps(run)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            run(*args, **kwargs)
        except BrokenPipeError as exc:  # as in `doctor | head -1`
            silence_stdout()
            raise typer.Exit(SIGPIPE_EXIT) from exc
        except (RecsysError, OSError) as exc:  # OSError: a home that cannot be written, say
            typer.echo(f"Error: {exc}", err=True)
            raise typer.Exit(1) from exc
        except Terminated as exc:
            typer.echo("Terminated.", err=True)
            raise typer.Exit(SIGTERM_EXIT) from exc
        except KeyboardInterrupt as exc:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(1) from exc

    return guarded


def print_json(document: Any) -> None:
    """Print a document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def console() -> Console:
    """A console on stderr; stdout is for answers."""
    from rich.console import Console

    return Console(stderr=True)


def load(data: str) -> Dataset:
    """Load a data set; a bar shows a download."""
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.progress import download_bar

    with download_bar(data) as progress:
        return Dataset.load(data, progress=progress)


def warn_of(dataset: Dataset, data: str) -> None:
    """Show what is doubtful in a data set on stderr, a line each."""
    from towhee_recsys.datasets import doubts

    found = doubts(dataset)
    for doubt in found:
        typer.echo(f"Warning: {doubt.short}", err=True)
    if found:
        typer.echo(
            f"towhee-recsys validate {shlex.quote(data)} says what to do about it.", err=True
        )


def positive(value: float | None) -> float | None:
    """Check an option that must be above 0."""
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{value:g} is not above 0")
    return value


def holdout_option(value: str) -> str:
    """Check the option ``--holdout``."""
    from towhee_recsys.datasets.splits import checked_holdout

    try:
        return checked_holdout(value)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc


def json_object(text: str, option: str) -> dict[str, Any]:
    """Read an option that is a JSON object."""
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{option} is not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise typer.BadParameter(f"{option} must be a JSON object, such as '{{\"year\": 1999}}'")
    return value


def seconds(text: str) -> float:
    """Read a duration: ``90``, ``90s``, ``5m`` or ``1.5h``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not found or float(found[1]) == 0:
        raise typer.BadParameter(f"'{text}' is not a duration; give 90s, 5m or 1h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]
