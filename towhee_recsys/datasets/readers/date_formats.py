"""Find the formats in which dates are written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

_DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M")
_WHOLE = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%d/%b/%Y:%H:%M:%S %z",
          "%a, %d %b %Y %H:%M:%S %z")  # fmt: skip

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def formats_of(texts: Sequence[str]) -> list[str]:
    """The formats that fit all of `texts`, as `strptime` has them."""
    if not texts:
        return []
    usual = (day + time for day, time in product(_DAYS, _TIMES))
    return [form for form in (*usual, *_WHOLE) if _fits(form, texts)]


def ambiguous(form: str, texts: Sequence[str]) -> tuple[str, str] | None:
    """The form with day and month exchanged, if that fits all `texts` too and gives other dates;
    and what the first text may be.

    Nobody writes the year, the day and then the month, so formats that begin with the year are
    sure.
    """
    if "%d" not in form or "%m" not in form or form.lower().startswith("%y"):
        return None
    other = form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    if not texts or not _fits(other, texts):
        return None
    one, two = (pd.to_datetime(pd.Series(texts), format=f, utc=True) for f in (form, other))
    differ = (one != two).to_numpy()
    if not differ.any():
        return None
    at = int(differ.argmax())
    may_be = f"{_day(one.iloc[at])} or {_day(two.iloc[at])}"
    return other, f"{texts[at]} may be {may_be}"


def _day(moment: pd.Timestamp) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def _fits(form: str, texts: Sequence[str]) -> bool:
    """Whether `form` fits, tried on the first text alone before all."""
    for some in (texts[:1], texts):
        try:
            if pd.to_datetime(pd.Series(some), format=form, errors="coerce", utc=True).isna().any():
                return False
        except (ValueError, OverflowError):
            return False
    return True
