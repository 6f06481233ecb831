"""Say in words how a model compares with the best of the measured baselines.

The terminal, the report and the model card all use these words.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from towhee_recsys.text import duration, listed

FEW = 30
"""With fewer evaluated users, figures have no intervals and nothing is concluded from them."""
POPULARITY = "popularity"
TITLES = {
    POPULARITY: "popularity",
    "ials": "iALS",
    "ease": "EASE",
    "decayed-ease": "EASE with decay",
    "item-knn": "item-kNN",
}
"""The baselines' names for people."""


class Comparison(BaseModel):
    """The best of the measured baselines, and how far the model is ahead of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    baseline: str
    """Name of the baseline with the highest NDCG@10 on the test items."""
    settings: dict[str, float]
    """Its settings, which were chosen by validation."""
    metrics: dict[str, float]
    """Its ``hr@10`` and ``ndcg@10`` on the test items."""
    gain: float
    """The model's NDCG@10 on the test items minus the baseline's."""
    gain_interval: tuple[float, float] | None
    """95% interval of the gain, paired over users. None if fewer than 30 users were evaluated."""
    measured: list[str]
    """Names of all baselines that were measured."""
    left_out: dict[str, float] = {}
    """Names of the baselines that were not measured as they do not fit into the time budget, and
    how many seconds each takes."""

    @property
    def title(self) -> str:
        """The best baseline's name for people."""
        return TITLES[self.baseline]

    @property
    def several(self) -> bool:
        """Whether more than one baseline was measured, so that one of them is the best."""
        return len(self.measured) > 1


def too_few(users: int) -> bool:
    """Whether so few users were evaluated that nothing can be concluded."""
    return users < FEW


def verdict(users: int | None, comparison: Comparison | None) -> str:
    """What the test shows, in one to three sentences. Empty if there is nothing to compare.

    Args:
        users: how many were evaluated; None if it is not known.
        comparison: with the best baseline.
    """
    if users is not None and too_few(users):
        subject = "1 user is" if users == 1 else f"{users} users are"
        return f"{subject} too few to measure: with other users, all figures could be different."
    if comparison is None or comparison.gain_interval is None:
        return ""
    compared = _compared(comparison, comparison.gain_interval)
    return " ".join(filter(None, [compared, _left_out(comparison.left_out)]))


def _compared(found: Comparison, interval: tuple[float, float]) -> str:
    low, high = interval
    best = f"{found.title}, the best baseline" if found.several else found.title
    if low > 0:
        who = f"This model is better than {best}"
    elif high < 0:
        who = f"The baseline {found.title} is better here"
    elif found.gain <= 0:
        who = f"The baseline {found.title} is as good or better here"
    else:
        who = f"This model is not clearly better than {best}"
    theirs = found.metrics["ndcg@10"]
    return (
        f"{who}: NDCG@10 of the model is {theirs + found.gain:.4f} against {theirs:.4f}, a "
        f"difference of {found.gain:+.4f} (95% interval {low:+.4f} to {high:+.4f})."
    )


def _left_out(seconds: dict[str, float]) -> str:
    if not seconds:
        return ""
    names = listed([f"{TITLES[name]} (up to {duration(took)})" for name, took in seconds.items()])
    return (
        f"Left out, as it does not fit into the time budget: {names}. The command evaluate "
        "measures it."
    )
