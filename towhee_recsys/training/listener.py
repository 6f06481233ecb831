"""Define what a training run reports while it goes on."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Is told how training goes on. A progress bar is one."""

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        """Called after each step of a member.

        Args:
            member: which one, from 0.
            fraction: the share of its training that is done.
            epoch: epochs done.
            loss: of the step.
            examples: positions in the step.
        """

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        """Called after each validation of a member, with ``hr@10`` and ``ndcg@10``."""

    def message(self, text: str) -> None:
        """Called with anything else worth knowing."""


class NullListener:
    """A `Listener` that does nothing."""

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        pass

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        pass

    def message(self, text: str) -> None:
        pass
