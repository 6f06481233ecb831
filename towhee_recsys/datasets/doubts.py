"""Find what is doubtful in checked tables: data that may not say what it seems to say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.doubtful_columns import (
    constant_columns,
    labels_that_look_missing,
    nearly_unique_columns,
)
from towhee_recsys.datasets.readers.problems import EXAMPLES, Problem
from towhee_recsys.text import listed
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

FEWEST_USERS = 100
"""With fewer, a model has little to learn from, and figures about it are uncertain."""
TIED = 0.05
"""A larger share of equal times is worth a warning."""

_EARLIEST = datetime(1990, 1, 1, tzinfo=timezone.utc).timestamp()
_INTERACTIONS = "interactions"
_ORDER_UNKNOWN = (
    "so their order is unknown: items are held out at random, and the model learns no order"
)
_MOST_LEVELS = 11
"""A rating with so many values at most is described by them, any other by its range."""


def doubts(contents: Contents) -> tuple[Problem, ...]:
    """All warnings about a data set: those of its reader, then those that its values suggest."""
    return (*contents.warnings, *(doubt for find in _ALL for doubt in find(contents)))


def order_of_interactions(contents: Contents) -> Iterator[Problem]:
    """Nothing says in which order a user's interactions happened, or not for all of them."""
    remedy = "If the rows are in time order, write order: file in the description"
    if TIMESTAMP not in contents.interactions:
        wrong, count = f"there are no timestamps, {_ORDER_UNKNOWN}", len(contents.interactions)
        remedy = f"{remedy}; if a column holds the times, name it as the timestamp."
        yield Problem(_INTERACTIONS, wrong, remedy, count=count)
        return
    tied = _tied(contents)
    share = tied.mean() if len(tied) else 0.0
    if share > TIED:
        wrong = f"{share:.0%} of neighbours in users' histories have equal times"
        wrong += f", {_ORDER_UNKNOWN}" if share > 0.5 else "; their order is drawn at random"
        remedy = f"{remedy}, or give finer times."
        yield Problem(_INTERACTIONS, wrong, remedy, TIMESTAMP, count=int(tied.sum()))


def strange_times(contents: Contents) -> Iterator[Problem]:
    """Times before anything was recorded like this, or to come."""
    if TIMESTAMP not in contents.interactions:
        return
    times = contents.interactions[TIMESTAMP].to_numpy()
    remedy = "Check that this column holds the times, and in which unit or format."
    for bad, what in ((times < _EARLIEST, "before 1990"), (times > time.time(), "in the future")):
        if bad.any():
            count = int(np.count_nonzero(bad))
            examples = _examples(map(_day, times[bad][:EXAMPLES]))
            yield Problem(_INTERACTIONS, f"times are {what}", remedy, TIMESTAMP, examples, count)


def meaning_of_ratings(contents: Contents) -> Iterator[Problem]:
    """Nothing says what a rating means: what every row counts as, and how many ratings are low."""
    if RATING not in contents.interactions:
        return
    wrong = "every row counts as a like, whatever its rating"
    remedy = "If low ratings are dislikes, leave their rows out."
    ratings = contents.interactions[RATING].dropna().to_numpy()
    levels, counts = np.unique(ratings, return_counts=True)
    low = levels < (levels[0] + levels[-1]) / 2 if len(levels) else np.zeros(0, bool)
    count = int(counts[low].sum())
    if count:
        wrong += f"; {count:,} of {len(ratings):,} are low: {_levels(levels, low)}"
    yield Problem(_INTERACTIONS, wrong, remedy, RATING, count=count)


def few_users(contents: Contents) -> Iterator[Problem]:
    """So few users that neither the model nor its figures can be relied on."""
    users = len(contents.users)
    if users < FEWEST_USERS:
        wrong = f"{_count(users, 'user is', 'users are')} few to learn from and to measure with"
        remedy = f"Give {FEWEST_USERS} or more, or rely on no figure."
        yield Problem("users", wrong, remedy, count=users)


def short_histories(contents: Contents) -> Iterator[Problem]:
    """Users who are not evaluated, as they have one interaction; or nobody is."""
    lengths = contents.histories.lengths
    if lengths.max() < 3:
        wrong = "no user has three interactions, so nothing can be evaluated"
        yield Problem(_INTERACTIONS, wrong, "Give longer histories.", count=len(lengths))
    alone = np.flatnonzero(lengths == 1)
    if len(alone):
        wrong = f"{_count(len(alone), 'user has', 'users have')} one interaction"
        remedy = "Little is learnt from them, and they are not evaluated."
        examples = _examples(contents.users[USER_ID].iloc[alone[:EXAMPLES]])
        yield Problem(_INTERACTIONS, wrong, remedy, USER_ID, examples, len(alone))


def items_without_interactions(contents: Contents) -> Iterator[Problem]:
    """Items of which only the columns say anything."""
    bare = np.flatnonzero(contents.histories.item_counts(len(contents.items)) == 0)
    if not len(bare):
        return
    if all(column.role == "display" for column in contents.schema.items.values()):
        remedy = "They have no columns to learn from either. Leave them out, or give columns."
    else:
        remedy = "Their columns alone place them. Leave out what is not to be recommended."
    wrong = f"{_count(len(bare), 'item has', 'items have')} no interaction"
    examples = _examples(contents.items[ITEM_ID].iloc[bare[:EXAMPLES]])
    yield Problem("items", wrong, remedy, ITEM_ID, examples, len(bare))


_ALL: tuple[Callable[[Contents], Iterator[Problem]], ...] = (
    order_of_interactions,
    strange_times,
    meaning_of_ratings,
    few_users,
    short_histories,
    items_without_interactions,
    labels_that_look_missing,
    constant_columns,
    nearly_unique_columns,
)


def _tied(contents: Contents) -> NDArray[np.bool_]:
    """Whether two neighbours in a user's history have equal times, for all such pairs."""
    past = contents.histories
    assert past.timestamps is not None
    owners = np.repeat(np.arange(len(past.lengths)), past.lengths)
    same_user = owners[1:] == owners[:-1]
    tied: NDArray[np.bool_] = (np.diff(past.timestamps) == 0)[same_user]
    return tied


def _examples(values: Iterable[object]) -> tuple[tuple[None, str], ...]:
    return tuple((None, str(value)) for value in values)


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()
    except (ValueError, OverflowError, OSError):  # a year beyond 9999
        return f"{seconds:.3g} seconds since 1970"


def _levels(levels: NDArray[np.float32], low: NDArray[np.bool_]) -> str:
    """Which of the levels are low: ``0, where 0, 1 and 2 occur``."""
    named = [f"{level:g}" for level in levels.tolist()]
    if len(levels) > _MOST_LEVELS:
        middle = f"{(float(levels[0]) + float(levels[-1])) / 2:g}"
        return f"below {middle}, where {named[0]} to {named[-1]} occur"
    return f"{listed(named[: np.count_nonzero(low)])}, where {listed(named)} occur"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
