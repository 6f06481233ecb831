"""Show the progress of downloads, training and evaluation on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

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

_NOTEBOOK_SECONDS = 0.5
"""Between two updates of a notebook's line, at least."""


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


class _TrainingProgress:
    """A `Listener` that puts loss, examples a second, and validation HR@10 and NDCG@10 into a line.

    A subclass shows it with `show`, and what comes once with `message`.
    """

    def __init__(self, members: int) -> None:
        """`members`: how many members are trained."""
        self._members = members
        self._fraction: dict[int, float] = {}
        self._epoch: dict[int, float] = {}
        self._loss: dict[int, float] = {}
        self._latest = 0
        self._examples = 0
        self._seconds = 0.0
        self._last = time.monotonic()
        self._quality = ""

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        now = time.monotonic()
        self._loss[member] = 0.95 * self._loss.get(member, loss) + 0.05 * loss
        self._latest = member
        self._examples += examples
        self._seconds += now - self._last
        self._last = now
        self._fraction[member], self._epoch[member] = fraction, epoch
        self.show(self.done, self.text)

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        figures = " ".join(f"{name.upper()} {value:.3f}" for name, value in metrics.items())
        self._quality = f" {figures}"
        which = f"  member {member + 1}" if self._members > 1 else ""
        self.validated(
            f"epoch {self._epoch[member]:4.1f}{which}  loss {self._loss[member]:.3f}  "
            f"validation {figures}{'  best' if best else ''}"
        )
        self._last = time.monotonic()

    @property
    def done(self) -> float:
        """The share of the training that is done."""
        return sum(self._fraction.values()) / self._members

    @property
    def text(self) -> str:
        """The latest figures."""
        epoch = max(self._epoch.values(), default=0.0)
        loss = self._loss.get(self._latest, 0.0)
        return f"epoch {epoch:.1f} loss {loss:.2f} {self._rate()}/s{self._quality}"

    def show(self, done: float, text: str) -> None:
        """Show the line.

        Args:
            done: the share of the training that is done.
            text: the figures.
        """
        raise NotImplementedError

    def message(self, text: str) -> None:
        raise NotImplementedError

    def validated(self, text: str) -> None:
        """Show the result of a validation."""
        self.message(text)

    def _rate(self) -> str:
        return f"{self._examples / self._seconds:,.0f}" if self._seconds else "-"


class TrainingBar(_TrainingProgress):
    """A `Listener` with a bar on a terminal: how much is done, the figures, and the time left."""

    def __init__(self, console: Console | None = None, members: int = 1) -> None:
        """
        Args:
            console: by default stderr.
            members: how many members are trained.
        """
        super().__init__(members)
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

    def show(self, done: float, text: str) -> None:
        self._bar.update(self._task, completed=done, description=text)

    def message(self, text: str) -> None:
        self._bar.console.print(text, highlight=False)


class NotebookLine(_TrainingProgress):
    """A `Listener` with one line below a notebook's cell, which is replaced as training goes on.

    Rich's own bar needs ipywidgets, and a saved notebook would not show it.
    """

    def __init__(self, members: int = 1) -> None:
        """`members`: how many members are trained."""
        super().__init__(members)
        from IPython import display  # installed wherever a notebook runs

        self._shown = 0.0
        self._line: Any = display.display(_Line("training"), display_id=True)  # type: ignore[no-untyped-call, unused-ignore]

    def __enter__(self) -> NotebookLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._update(self.done, self.text)

    def show(self, done: float, text: str) -> None:
        if time.monotonic() - self._shown > _NOTEBOOK_SECONDS:
            self._update(done, text)

    def message(self, text: str) -> None:
        print(text)

    def validated(self, text: str) -> None:
        """The line has the latest figures; a line for each validation would be a long output."""

    def _update(self, done: float, text: str) -> None:
        self._shown = time.monotonic()
        self._line.update(_Line(f"{done:4.0%} {text}"))


class _Line:
    """A text that a notebook shows without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def training_progress(members: int) -> TrainingBar | NotebookLine | None:
    """What shows the progress of training to somebody who sits before it: a line in a notebook, a
    bar if stderr is a terminal, else None."""
    console = Console(stderr=True)
    if console.is_jupyter:
        return NotebookLine(members)
    return TrainingBar(console, members) if console.is_terminal else None
