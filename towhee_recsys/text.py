"""Put values, names and errors into words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

_MISSING = frozenset(("", "<NA>", "NaT"))
"""Texts that stand for a missing value. The last two are pandas'."""

_HARMLESS = """
application_name autocommit cache charset collation connect_timeout db decode_responses driver
encoding encrypt health_check_interval max_connections mode protocol read_timeout retry_on_timeout
secure service_name socket_connect_timeout socket_timeout ssl ssl_cert_reqs ssl_check_hostname
ssl_disabled ssl_mode ssl_verify_cert ssl_verify_identity sslmode timeout trustservercertificate uri
write_timeout
"""
"""Settings in the query of a URL that hold no secret, in lower case."""

_MOST_CHOICES = 20
_SHOWN = 60
"""Characters that a message quotes of a value, at most."""


def duration(seconds: float) -> str:
    """``231.2`` as ``3 min 51 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "less than a second"


def listed(names: Sequence[str]) -> str:
    """``["a", "b", "c"]`` as ``a, b and c``. No names give an empty text."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def short(text: str, letters: int) -> str:
    """The text, cut to `letters` characters if it is longer."""
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def label(value: object) -> str | None:
    """A label's text, or None if the value is missing.

    25, 25.0 and "25" are the same label. None, NaN, an empty text and pandas' NA are missing
    values. NumPy's scalars are treated like Python's.
    """
    if type(value) is str:  # the most common case
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
    if getattr(value, "ndim", None) == 0:  # a NumPy scalar
        return label(value.item())  # type: ignore[attr-defined]
    text = str(value)
    return None if text in _MISSING else text


def title_of(record: Mapping[str, Any], names: Iterable[str], id_name: str = "item_id") -> str:
    """An item's title: the first of the columns `names` that has a value, else its id."""
    words = (record.get(name) for name in names)
    return next((str(word) for word in words if word), f"item {record[id_name]}")


def as_text(value: object) -> str:
    """A field of a record for display. Labels are separated by commas."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def shown(value: object) -> str:
    """A value as a message quotes it. A long one is cut."""
    try:
        return repr(value)[:_SHOWN]
    except ValueError:  # Python does not print integers of more than 4,300 digits
        return "a huge number"


def mask(url: str) -> str:
    """`url` with its password, and what may be a secret in its query, replaced by ``***``."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "embedded":
        return url
    login, at, rest = rest.rpartition("@")  # the last one, as a password may hold anything
    user, colon, _ = login.partition(":")
    login = f"{user}:***" if colon else "***" if at else ""
    place, question, query = rest.partition("?")
    settings = [pair.partition("=") for pair in query.split("&")]
    query = "&".join(k + eq + (v if is_harmless(k, v) else "***") for k, eq, v in settings)
    return f"{scheme}{separator}{login}{at}{place}{question}{query}"


def is_harmless(key: str, value: str) -> bool:
    """Whether a setting in the query of a URL holds no secret for certain."""
    return not value or (key.lower() in _HARMLESS.split() and re.search("[=;%]", value) is None)


def near(word: str, words: Iterable[str]) -> str:
    """The end of a message about an unknown name: a question with the most similar of `words`, or a
    sentence that lists them."""
    choices = list(words)
    lower = {choice.lower(): choice for choice in choices}
    close = get_close_matches(word.lower(), lower, n=1)
    if close:
        return f"Did you mean '{lower[close[0]]}'?"
    some = ", ".join(short(choice, _SHOWN) for choice in choices[:_MOST_CHOICES])
    some += ", …" if len(choices) > _MOST_CHOICES else ""
    return f"Choose one of {some}." if choices else "No name is allowed here."


def explained(exc: ValidationError, fields: Iterable[str], depth: int | None = None) -> str:
    """A pydantic error as text, with a clause for each wrong field.

    Args:
        exc: the error that pydantic raised.
        fields: the known names. One is suggested for an unknown name.
        depth: how many parts of a field's path to name; by default all. 1 names the top field only.
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
