"""List the words that stand in tables where a value is not known."""

from __future__ import annotations

MISSING_NUMBERS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "none")
"""Texts in place of a number. They are read as missing."""
_LABELS = frozenset((
    "?", "??", "-", "--", ".", "xx", "xxx", "n/a", "#n/a", "na", "nan", "null", "\\n", "tbd",
    "unknown", "undefined", "missing",
))  # fmt: skip
"""Labels that may be such words, in lower case. ``none`` is not among them: it often says that
there is none."""


def looks_missing(value: str) -> bool:
    """Whether a label seems to say that nothing is known. It is read as it stands."""
    return value.strip().lower() in _LABELS
