"""Turn answers into a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from towhee_recsys.components.requests import is_batch, plain_ids
from towhee_recsys.errors import RequestError
from towhee_recsys.text import shown
from towhee_recsys.types import ITEM_ID, RANK, SCORE, USER_ID, Id

_FIRST = {USER_ID: "object", ITEM_ID: "object", SCORE: "float64", RANK: "int64"}
_INT64 = np.iinfo(np.int64)


def to_frame(answers: Sequence[Any], users: Any = None) -> pd.DataFrame:
    """Recommendations as a table with a row for each::

        to_frame(p(42).get()[0], 42)
        to_frame(p([42, 43]).get()[0], users=[42, 43])

    Args:
        answers: what a pipeline's ``.get()[0]`` gives: a list of recommendations, or a list of such
            lists.
        users: whom they are for: an id, or a request as it was passed to the pipeline; for a list
            of lists, a list of these. Without it, and for a request without ``user_id``, the user
            is a missing value.

    Returns:
        The columns ``user_id``, ``item_id``, ``score`` and ``rank``, then the others of the answers
        in their order: ``route`` and the fields of the item's record. A column of integers stays
        one if values are missing (Int64). No recommendations give an empty table with the first
        four columns.

    Raises:
        RequestError: `answers` is something else, or `users` has another length.
    """
    lists = _lists(answers)
    ids = _user_ids(users, len(lists))
    rows = [{USER_ID: user, **one} for user, own in zip(ids, lists, strict=True) for one in own]
    if not rows:
        columns = {name: pd.Series(dtype=kind) for name, kind in _FIRST.items()}
    else:
        names = dict.fromkeys([*_FIRST, *(name for row in rows for name in row)])
        columns = {name: _column([row.get(name) for row in rows]) for name in names}
    frame: pd.DataFrame = pd.DataFrame(columns)
    return frame


def _lists(answers: Any) -> list[Sequence[Mapping[str, Any]]]:
    """The answers as a list of lists of recommendations."""
    if isinstance(answers, (list, tuple)):
        if answers and all(isinstance(one, Mapping) for one in answers):
            answers = [answers]
        if all(_is_answer(one) for one in answers):
            return list(answers)
    raise RequestError(
        f"answers is {shown(answers)}; give what a pipeline's .get()[0] returns: a list of "
        "recommendations, or a list of such lists"
    )


def _is_answer(one: Any) -> bool:
    return isinstance(one, (list, tuple)) and all(
        isinstance(row, Mapping) and ITEM_ID in row for row in one
    )


def _user_ids(users: Any, count: int) -> Sequence[Id | None]:
    """The id of the user of each answer."""
    if users is None:
        return [None] * count
    given = list(users) if is_batch(users) or hasattr(users, "to_numpy") else [users]
    if len(given) != count and count:
        raise RequestError(f"{count} answers and {len(given)} users; give a user for each answer")
    ids = [one.get(USER_ID) if isinstance(one, Mapping) else one for one in given][:count]
    return plain_ids(ids)


def _column(values: list[Any]) -> pd.Series[Any]:
    """Pandas would turn integers into floats where one is missing, and 1963 into 1963.0."""
    kinds = {type(value) for value in values} - {type(None)}
    missing = any(value is None for value in values)
    kind = "float64" if kinds == {float} else "object"
    if kinds == {int} and all(_INT64.min <= one <= _INT64.max for one in values if one is not None):
        kind = "Int64" if missing else "int64"
    elif kinds == {bool}:
        kind = "boolean" if missing else "bool"
    series: pd.Series[Any] = pd.Series(values, dtype=kind)
    return series
