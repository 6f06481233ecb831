"""Define the colours of everything that is drawn, on light and on dark ground.

The colours of labels differ as much as possible, also for people with protanopia, deuteranopia and
tritanopia (simulated after Machado, Oliveira and Fernandes 2009).
"""

from __future__ import annotations

LABELS = (
    ("#1500af", "#4c6ff0"),
    ("#ce920f", "#d0cd10"),
    ("#0fa379", "#22e0ff"),
    ("#de0d48", "#ff717f"),
    ("#4564ec", "#cbff98"),
    ("#5e113e", "#934fb7"),
    ("#d23eaa", "#d57db2"),
    ("#4c3b00", "#117c2c"),
)
"""(on light, on dark) for each label or line."""
ACCENT = ("#3d5ce0", "#7b93ff")
"""The model's own metrics."""
REST = ("#c4c8cf", "#4a515c")
"""Further labels, and baselines."""
INK = ("#1c2127", "#e8eaed")
FAINT = ("#5d6672", "#9aa4b1")
"""Axes and captions."""
GROUND = ("#ffffff", "#14171c")
