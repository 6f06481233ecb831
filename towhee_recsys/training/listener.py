"""What a training run says of itself as it goes."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Hears how training goes on; a progress bar, for one."""

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        """After each step of a member: the share of its training done, and the step's loss and
        positions."""

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        """After each validation of a member: ``hr@10`` and ``ndcg@10``."""

    def message(self, text: str) -> None:
        """Anything else worth knowing."""


class Silence:
    """A `Listener` that keeps what it hears to itself."""

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        pass

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        pass

    def message(self, text: str) -> None:
        pass
