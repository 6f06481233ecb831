"""Durations and lists of names → words for people."""

from __future__ import annotations

from collections.abc import Sequence


def duration(seconds: float) -> str:
    """``231.2`` → ``3 min 51 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "less than a second"


def listed(names: Sequence[str]) -> str:
    """``["a", "b", "c"]`` → ``a, b and c``; nothing where there are none."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def short(text: str, letters: int) -> str:
    """Cut to `letters`, where there is no room for more."""
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"
