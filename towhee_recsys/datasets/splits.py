"""Split each user's history into what a model learns from and what it is evaluated on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.histories import Histories, Order, drawn
from towhee_recsys.errors import TrainingError
from towhee_recsys.text import shown

AUTO, LAST_TWO, RANDOM_TWO, NONE = "auto", "last-two", "random-two", "none"
_TIME = "time:"

SplitName = Literal["validation", "test"]
"""Which of a split's items are the targets."""


@dataclass(frozen=True, eq=False)
class Split:
    """The histories to train on, and each user's item for validation and for the test."""

    train: Histories
    validation: NDArray[np.int32]
    """``(U,)`` rows of ``dataset.items``; -1 if the user has no such item."""
    test: NDArray[np.int32]
    """``(U,)``, likewise."""
    places: NDArray[np.int64] | None = None
    """``(U,)``: how many items of `train` come before the validation item; None if all do."""

    def past(self, row: int, part: SplitName) -> NDArray[np.int32]:
        """A user's history when the target is chosen. For the test, the validation item belongs to
        it."""
        past, item = self.train.of(row), self.validation[row]
        if part == "validation" or item < 0:
            return past
        return np.insert(past, len(past) if self.places is None else self.places[row], item)


def checked_holdout(text: str) -> str:
    """The holdout as it is written, with a date in full.

    Raises:
        ValueError: it is none of ``auto``, ``last-two``, ``random-two``, ``time:DATE``, ``none``.
    """
    if text in (AUTO, LAST_TWO, RANDOM_TWO, NONE):
        return text
    try:
        if text.startswith(_TIME):
            return f"{_TIME}{_moment(text).isoformat()}"
    except ValueError:
        pass
    raise ValueError(
        f"{shown(text)} is no holdout; write auto, last-two, random-two, none, or time: and a "
        "date, such as time:2024-05-31 or time:2024-05-31T20:15:00 (UTC)"
    )


def split(histories: Histories, holdout: str, name: str = "the data") -> tuple[Split, str]:
    """Split histories by one of the holdouts.

    - ``last-two``: each user's last item is for the test, the one before for validation.
    - ``random-two``: two random items of each user, in place of the last two. They depend on the
      user's id, not on the order of a file.
    - ``time:DATE``: the first item of each user from that moment on is for the test, the last one
      before it for validation. Nothing later is trained on, as in production. A user without an
      earlier interaction is not evaluated.
    - ``none``: nothing is held out.
    - ``auto``: ``last-two``, or ``random-two`` if the order is unknown.

    A user with too few interactions stays in train whole and is not evaluated: with ``last-two``
    and ``random-two``, fewer than three.

    Args:
        histories: the whole histories.
        holdout: as above.
        name: how messages call the data.

    Returns:
        The split, and the holdout that was used: ``auto`` is replaced.

    Raises:
        ValueError: there is no such holdout.
        TrainingError: the holdout needs an order, or a time, that the data does not say.
    """
    holdout = checked_holdout(holdout)
    if holdout == AUTO:
        holdout = LAST_TWO if histories.ordered else RANDOM_TWO
    if holdout == NONE:
        nobody = np.full(len(histories.lengths), -1, np.int32)
        return Split(histories, nobody, nobody), holdout
    if holdout == RANDOM_TWO:
        return random_two(histories), holdout
    if holdout.startswith(_TIME):
        return at_moment(histories, _moment(holdout).timestamp(), name), holdout
    if not histories.ordered:
        raise TrainingError(
            f"{name} does not say in which order a user's interactions happened, so "
            "random ones would be held out in place of the last two; hold out random-two, give "
            "finer timestamps, or write order: file if the file is in time order"
        )
    return last_two(histories), holdout


def last_two(histories: Histories) -> Split:
    """Take each user's last item for the test, the one before for validation, the rest to train.

    A user with fewer than three interactions stays in train whole and is not evaluated.
    """
    evaluated = histories.lengths >= 3
    ends = histories.offsets[1:]
    return _without(
        histories, np.where(evaluated, ends - 2, -1), np.where(evaluated, ends - 1, -1), at_end=True
    )


def random_two(histories: Histories) -> Split:
    """Take two random items of each user for test and validation; see `last_two`."""
    if not histories.ordered:
        return last_two(histories)  # their order is a draw already
    owners = histories.owners
    seeds = histories.seeds
    of_users = owners.astype(np.uint64) if seeds is None else seeds[owners]
    places = np.arange(len(owners)) - histories.offsets[owners]
    shuffled = np.lexsort([drawn(of_users, places.astype(np.uint64)), owners])
    evaluated = np.flatnonzero(histories.lengths >= 3)
    first = histories.offsets[evaluated]
    test, validation = (np.full(len(histories.lengths), -1) for _ in range(2))
    test[evaluated], validation[evaluated] = shuffled[first], shuffled[first + 1]
    return _without(histories, validation, test)


def at_moment(histories: Histories, moment: float, name: str = "the data") -> Split:
    """Take each user's first item from `moment` on for the test; see `split`.

    Raises:
        TrainingError: there are no timestamps, or nothing was before that moment, or after it.
    """
    times = histories.timestamps
    if times is None:
        raise TrainingError(f"{name} has no timestamps to split by; use --holdout auto")
    early = times < moment
    if early.all() or not early.any():
        first, last = (
            datetime.fromtimestamp(t, timezone.utc).isoformat(timespec="seconds")
            for t in (times.min(initial=np.inf), times.max(initial=-np.inf))
        )
        raise TrainingError(
            f"all interactions of {name} are on one side of the moment of --holdout; choose one "
            f"between {first} and {last}"
        )
    before = np.bincount(histories.owners[early], minlength=len(histories.lengths))
    begins = histories.offsets[:-1]
    evaluated = (before > 0) & (before < histories.lengths)
    # Where the order is unknown, times decide nevertheless; equal ones stay as they were drawn.
    by_time = np.append(np.lexsort([times, histories.owners]), -1)
    test = np.where(evaluated, by_time[begins + before], -1)
    validation = np.where(before > 1, by_time[begins + before - 1], -1)
    return _without(histories, validation, test, at_end=histories.ordered, dropped=~early)


def holdout_in_words(holdout: str) -> str:
    """What was held out, as a sentence or two."""
    if holdout == NONE:
        return "No interactions were held out."
    if holdout == RANDOM_TWO:
        return (
            "Two random interactions of each user with three or more were held out, one for "
            "testing and one for validation."
        )
    if holdout == LAST_TWO:
        return (
            "The last two interactions of each user with three or more were held out: the last "
            "one for testing, the one before it for validation."
        )
    return (
        f"Interactions from {holdout.removeprefix(_TIME)} on were held out. Each user's first one "
        "of these is for testing, and the last one before that moment for validation."
    )


def order_in_words(order: Order) -> str:
    """What is known of the order of interactions, and what follows, as a sentence."""
    return {
        "time": "Timestamps put each user's interactions in order.",
        "file": "The order of the file puts each user's interactions in order, where timestamps do "
        "not.",
        "unknown": "The data does not say in which order a user's interactions happened, so a "
        "history is a set for this model: the order of its items makes no difference.",
    }[order]


def _moment(holdout: str) -> datetime:
    moment = datetime.fromisoformat(holdout.removeprefix(_TIME))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _without(
    histories: Histories,
    validation: NDArray[np.int64],
    test: NDArray[np.int64],
    *,
    at_end: bool = False,
    dropped: NDArray[np.bool_] | None = None,
) -> Split:
    """The split with the targets at these places among the interactions, -1 if a user has none.

    Args:
        histories: the whole histories.
        validation: ``(U,)`` places.
        test: ``(U,)`` places.
        at_end: whether each validation item comes after all that its user keeps.
        dropped: ``(N,)``: interactions that are not trained on either.
    """
    kept = np.ones(len(histories.items), bool) if dropped is None else ~dropped
    kept[validation[validation >= 0]] = False
    kept[test[test >= 0]] = False
    train = histories.only(kept)
    items = np.append(histories.items, np.int32(-1))  # what place -1 stands for
    if at_end:
        return Split(train, items[validation], items[test])
    so_far = np.append(np.cumsum(kept), 0)[validation] - train.offsets[:-1]
    return Split(train, items[validation], items[test], np.where(validation >= 0, so_far, 0))
