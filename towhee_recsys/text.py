"""Say values, names and errors in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

_MISSING = frozenset(("", "<NA>", "NaT"))
"""Texts that stand for no value. The last two are those of pandas."""

_MOST_CHOICES = 20
_SHOWN = 60
"""Characters of a value that a message quotes."""


def duration(seconds: float) -> str:
    """``231.2`` as ``3 min 51 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "less than a second"


def listed(names: Sequence[str]) -> str:
    """``["a", "b", "c"]`` as ``a, b and c``; an empty text if there are none."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def short(text: str, letters: int) -> str:
    """The text, cut to `letters` if it is longer."""
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def label(value: object) -> str | None:
    """A label's text, or None if the value is missing.

    25, 25.0 and "25" are one label. None, NaN, an empty text and pandas' NA are missing. NumPy's
    scalars count as Python's.
    """
    if type(value) is str:  # the most common by far
        return None if value in _MISSING else value
    if type(value) is int:
        return str(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else repr(float(value))
    if getattr(value, "ndim", None) == 0:  # a scalar of NumPy
        return label(value.item())  # type: ignore[attr-defined]
    text = str(value)
    return None if text in _MISSING else text


def title_of(record: Mapping[str, Any], names: Iterable[str], id_name: str = "item_id") -> str:
    """What to call an item: the first of the columns `names` that has a text, else its id."""
    words = (record.get(name) for name in names)
    return next((str(word) for word in words if word), f"item {record[id_name]}")


def as_text(value: object) -> str:
    """A field of a record for people; labels are separated by commas."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def shown(value: object) -> str:
    """A value as a message quotes it, cut if it is long."""
    try:
        return repr(value)[:_SHOWN]
    except ValueError:  # Python does not print integers of more than 4,300 digits
        return "a huge number"


def near(word: str, words: Iterable[str]) -> str:
    """A question that names the closest of `words`, or else a sentence that lists them: the end of
    a message about a name that is not known."""
    choices = list(words)
    lower = {choice.lower(): choice for choice in choices}
    close = get_close_matches(word.lower(), lower, n=1)
    if close:
        return f"Did you mean '{lower[close[0]]}'?"
    some = ", ".join(choices[:_MOST_CHOICES]) + (", …" if len(choices) > _MOST_CHOICES else "")
    return f"There is {some}." if choices else "There is none."


def explained(exc: ValidationError, fields: Iterable[str], depth: int | None = None) -> str:
    """What pydantic found, as a sentence for each place.

    Args:
        exc: what pydantic raised.
        fields: the names that are known, to suggest one for a name that is not.
        depth: how much of a place to name: 1 names the field alone; by default all of it.
    """
    places = {error["loc"][:depth]: error for error in reversed(exc.errors(include_url=False))}
    return "; ".join(_explained(place, places[place], fields) for place in reversed(places))


def _explained(place: tuple[int | str, ...], error: Any, fields: Iterable[str]) -> str:
    field = ".".join(map(str, place))
    if error["type"] == "extra_forbidden":
        hint = near(field, fields) if len(place) == 1 else "Leave it out."
        return f"unknown field '{field}'. {hint}"
    if error["type"] == "missing":
        return f"{field} is missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{field} is {shown(error['input'])}: {message[:1].lower()}{message[1:]}"
