"""Say why a data set is too small to train on."""

from __future__ import annotations

from towhee_recsys.datasets.readers.problems import Problem

FEWEST_ITEMS = 2
"""Training tells an item that a user chose from others."""


def too_small(name: str, items: int, trained: int, held_out: bool) -> Problem | None:
    """What is wrong with data that training refuses; None if it is large enough.

    Args:
        name: of the data set.
        items: how many there are.
        trained: how many of them have interactions that are not held out.
        held_out: whether any interaction is held out.
    """
    if trained >= FEWEST_ITEMS:
        return None
    if items < FEWEST_ITEMS:
        return Problem(
            name,
            "the catalogue has one item, and a recommender chooses among several",
            "Add the other items.",
        )
    left = "1 item is" if trained == 1 else f"{trained} items are"
    wrong = f"{left} left to learn from, and two are needed"
    if not held_out:
        return Problem(name, wrong, "Add interactions with other items.")
    remedy = "Give longer histories, or train with --holdout none, which holds out nothing."
    return Problem(name, f"{wrong}; the other interactions are held out", remedy)
