"""What `evaluate` reports of its progress → a bar on stderr, gone when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from towhee_recsys.training.evaluation import Progress as Report


@contextmanager
def evaluation_bar(console: Console | None = None) -> Iterator[Report]:
    """Yield what `evaluate` takes as `progress`; nothing is written where nobody watches."""
    console = console or Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("users"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("")
    current = ""

    def report(stage: str, done: int, users: int) -> None:
        nonlocal current
        bar.start()  # not before, as an empty bar leaves an empty line
        if stage != current or bar.tasks[0].finished:  # settings are tried one after the other
            bar.reset(task, total=users, description=stage)
            current = stage
        bar.advance(task, done)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
