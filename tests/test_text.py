"""Texts for durations, lists and long names."""

from __future__ import annotations

import pytest

from towhee_recsys.text import duration, listed, short


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "less than a second"), (59.6, "1 min"), (231.2, "3 min 51 s"), (7200, "2 h")],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("names", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ([*"abc"], "a, b and c")]
)
def test_listed(names: list[str], words: str) -> None:
    assert listed(names) == words


def test_short() -> None:
    assert short("The Robot", 9) == "The Robot"
    assert short("The Robots", 9) == "The Robo…"
    assert short("The Robots", 5) == "The…"
