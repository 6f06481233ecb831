"""Find what is doubtful in checked tables: data that may not say what it seems to say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
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
from towhee_recsys.datasets.readers.times import USUAL_SECONDS
from towhee_recsys.text import listed
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

FEWEST_USERS = 100
"""With fewer, a model has little to learn from, and figures about it are uncertain."""
TIED = 0.05
"""A larger share of equal times is worth a warning."""
SORTED = 0.8
"""A larger share of ascending or of descending ids is that of a table that is sorted by id."""

_INTERACTIONS = "interactions"
_ORDER_UNKNOWN = (
    "so their order is unknown: items are held out at random, and the model learns no order"
)
_MOST_LEVELS = 6
"""A rating with so many values at most is described by them, any other by its range."""


def doubts(contents: Contents) -> tuple[Problem, ...]:
    """All warnings about a data set: those of its reader, then those that its values suggest."""
    return (*contents.warnings, *(doubt for find in _ALL for doubt in find(contents)))


def drawn_order(contents: Contents) -> Iterator[Problem]:
    """Nothing says in which order a user's interactions happened, or not for all of them."""
    if contents.order == "file":
        return
    timed, tied = TIMESTAMP in contents.interactions, contents.histories.tied
    if timed and tied <= TIED:
        return
    by_id = sorted_by_id(contents)
    remedy = (
        f"The rows seem to be sorted by id: {by_id}. If a column holds times"
        if by_id
        else 'If the rows are in time order, write order: file in the description (order="file" '
        "in from_frames); if a column holds times"
    )
    if not timed:
        wrong, count = f"there are no timestamps, {_ORDER_UNKNOWN}", len(contents.interactions)
        yield Problem(_INTERACTIONS, wrong, f"{remedy}, name it.", count=count)
    else:
        wrong = f"{tied:.0%} of users' consecutive interactions have equal times"
        unknown = contents.order == "unknown"
        wrong += f", {_ORDER_UNKNOWN}" if unknown else "; their order is drawn at random"
        count = round(tied * int(np.maximum(contents.histories.lengths - 1, 0).sum()))
        yield Problem(
            _INTERACTIONS, wrong, f"{remedy} that are finer, name it.", TIMESTAMP, (), count
        )


def file_order(contents: Contents) -> Iterator[Problem]:
    """The order of the rows counts as time order, and looks like another order."""
    past = contents.histories
    if contents.order != "file" or (past.timestamps is not None and past.tied <= TIED):
        return
    by_id = sorted_by_id(contents)
    if by_id:
        wrong = "the order of the rows decides"
        if past.timestamps is not None:
            wrong += f" where consecutive interactions have equal times ({past.tied:.0%})"
        wrong += f", and they seem to be sorted by id, not by time: {by_id}"
        remedy = "If the rows are not in time order, leave out order: file."
        yield Problem(_INTERACTIONS, wrong, remedy, ITEM_ID, count=ascending_ids(contents)[1])


def strange_times(contents: Contents) -> Iterator[Problem]:
    """Times before anything was recorded like this, or to come."""
    if TIMESTAMP not in contents.interactions:
        return
    times = contents.interactions[TIMESTAMP].to_numpy()
    remedy = "Check that this column holds the times, and in which unit or format."
    for bad, what in (
        (times < USUAL_SECONDS[0], "before 1990"),
        (times > time.time(), "in the future"),
    ):
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
    drawn_order,
    file_order,
    strange_times,
    meaning_of_ratings,
    few_users,
    short_histories,
    items_without_interactions,
    labels_that_look_missing,
    constant_columns,
    nearly_unique_columns,
)


def ascending_ids(contents: Contents) -> tuple[int, int]:
    """Of each user's consecutive rows that times do not put in order, how many have ascending item
    ids, and how many there are. In time order about half of them ascend."""
    if TIMESTAMP in contents.interactions and not contents.histories.tied:
        return 0, 0
    in_file_order = contents.order == "file"
    past = (contents if in_file_order else replace(contents, file_order=True)).histories
    undecided = past.owners[1:] == past.owners[:-1]
    if past.timestamps is not None:
        undecided &= np.diff(past.timestamps) == 0
    places = np.argsort(np.argsort(contents.items[ITEM_ID].to_numpy(), kind="stable"))
    ascending = np.diff(places[past.items])[undecided] > 0
    return int(ascending.sum()), len(ascending)


def sorted_by_id(contents: Contents) -> str:
    """How often ids ascend, or descend, where that is so often that the rows seem to be sorted by
    them; else an empty text."""
    ascending, pairs = ascending_ids(contents)
    for count, how in ((ascending, "ascend"), (pairs - ascending, "descend")):
        if count > SORTED * pairs:
            return f"in {count / pairs:.0%} of a user's consecutive rows they {how}"
    return ""


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
