"""What training tells its listener → a progress bar on stderr, a line for each validation."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """A `Listener` for people: loss, examples a second, validation HR@10 and NDCG@10, time left."""

    def __init__(self, console: Console | None = None) -> None:
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
        self._loss = 0.0
        self._examples = 0
        self._seconds = 0.0
        self._last = time.monotonic()
        self._quality = ""
        self._epoch = 0.0

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def step(self, fraction: float, epoch: float, loss: float, examples: int) -> None:
        now = time.monotonic()
        self._loss = loss if not self._loss else 0.95 * self._loss + 0.05 * loss
        self._examples += examples
        self._seconds += now - self._last
        self._last = now
        self._epoch = epoch
        text = f"epoch {epoch:.1f} loss {self._loss:.2f} {self._rate()}/s{self._quality}"
        self._bar.update(self._task, completed=fraction, description=text)

    def validation(self, metrics: dict[str, float], best: bool) -> None:
        figures = " ".join(f"{name.upper()} {value:.3f}" for name, value in metrics.items())
        self._quality = f" {figures}"
        self.message(
            f"epoch {self._epoch:4.1f}  loss {self._loss:.3f}  validation {figures}"
            f"{'  (best so far)' if best else ''}"
        )
        self._last = time.monotonic()

    def message(self, text: str) -> None:
        self._bar.console.print(text, highlight=False)

    def _rate(self) -> str:
        return f"{self._examples / self._seconds:,.0f}" if self._seconds else "-"
