"""The bytes of a download become a bar on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


@contextmanager
def download_bar(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield what `Dataset.load` takes as `progress`; the bar appears with the first bytes."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task(label, visible=False, total=None)

    def update(done: int, total: int | None) -> None:
        bar.start()  # not before, as an empty bar leaves an empty line
        bar.update(task, completed=done, total=total, visible=True)

    try:
        yield update
    finally:
        if bar.live.is_started:
            bar.stop()
