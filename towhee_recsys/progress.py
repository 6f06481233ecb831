"""Show the progress of downloads, training and evaluation on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


@contextmanager
def download_bar(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function for the `progress` of `Dataset.load`. The bar appears with the first
    bytes."""
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
        bar.start()  # not earlier, because an empty bar leaves an empty line
        bar.update(task, completed=done, total=total, visible=True)

    try:
        yield update
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def evaluation_bar(console: Console | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function for the `progress` of `evaluate`. On a console that is not a terminal it
    writes nothing."""
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
        bar.start()  # not earlier, because an empty bar leaves an empty line
        if stage != current or bar.tasks[0].finished:  # settings are tried one after the other
            bar.reset(task, total=users, description=stage)
            current = stage
        bar.advance(task, done)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()


class TrainingBar:
    """A `Listener` that shows loss, examples a second, validation HR@10 and NDCG@10, and the time
    left."""

    def __init__(self, console: Console | None = None, members: int = 1) -> None:
        """`members`: how many members are trained side by side."""
        self._members = members
        self.console = console or Console(stderr=True)
        self._bar = Progress(
            BarColumn(bar_width=10),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self.console,
        )
        self._task = self._bar.add_task("", total=1.0)
        self._fraction: dict[int, float] = {}
        self._epoch: dict[int, float] = {}
        self._loss = 0.0
        self._examples = 0
        self._seconds = 0.0
        self._last = time.monotonic()
        self._quality = ""

    def __enter__(self) -> TrainingBar:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        now = time.monotonic()
        self._loss = loss if not self._loss else 0.95 * self._loss + 0.05 * loss
        self._examples += examples
        self._seconds += now - self._last
        self._last = now
        self._fraction[member], self._epoch[member] = fraction, epoch
        text = f"epoch {epoch:.1f} loss {self._loss:.2f} {self._rate()}/s{self._quality}"
        done = sum(self._fraction.values()) / self._members
        self._bar.update(self._task, completed=done, description=text)

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        figures = " ".join(f"{name.upper()} {value:.3f}" for name, value in metrics.items())
        self._quality = f" {figures}"
        which = f"  member {member + 1}" if self._members > 1 else ""
        self.message(
            f"epoch {self._epoch[member]:4.1f}{which}  loss {self._loss:.3f}  "
            f"validation {figures}{'  (best so far)' if best else ''}"
        )
        self._last = time.monotonic()

    def message(self, text: str) -> None:
        self._bar.console.print(text, highlight=False)

    def _rate(self) -> str:
        return f"{self._examples / self._seconds:,.0f}" if self._seconds else "-"
