"""Say what a dataset.yaml may contain, as models that check it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

import pandas as pd
from pydantic import Field, field_validator, model_validator

from towhee_recsys.datasets.readers.origin import Origin, Part
from towhee_recsys.datasets.schema import Column

Unknown = Literal["error", "drop", "keep"]
"""What becomes of interactions with ids that the table of their kind lacks: they are refused, left
out, or kept, with a record of the id alone."""

_PROBE = datetime(2001, 12, 23, 11, 44, 55, tzinfo=timezone.utc)


class Time(Part):
    """Where the timestamps are, and how they are written."""

    column: str | None = None
    format: str | None = None
    """In the form of `strptime`, as in ``%d/%m/%Y``; by default ISO 8601, or numbers."""
    year: str | None = None
    """The columns of a date in parts."""
    month: str | None = None
    day: str | None = None

    @property
    def parts(self) -> dict[str, str]:
        """The columns that hold parts of dates, by what they hold."""
        named = {"year": self.year, "month": self.month, "day": self.day}
        return {part: column for part, column in named.items() if column is not None}

    @model_validator(mode="after")
    def _parts_make_a_date(self) -> Time:
        if self.parts and (self.column or self.format or not (self.year and self.month)):
            raise ValueError(
                "give a `column` (and its `format`), or the columns of a date in parts, as in "
                "{year: year, month: month, day: day}"
            )
        return self

    @field_validator("format")
    @classmethod
    def _format_tells_the_day(cls, value: str | None) -> str | None:
        if value is None:
            return None
        wrong = 'write it with %d (day), %m (month), %Y (year), %H, %M and %S, as in "%d/%m/%Y"'
        try:
            read = pd.to_datetime(_PROBE.strftime(value), format=value) if "%" in value else None
        except (ValueError, TypeError) as exc:
            raise ValueError(wrong) from exc
        if not isinstance(read, pd.Timestamp) or read.year != _PROBE.year:
            raise ValueError(wrong)
        return value


class Interactions(Origin):
    """The table of interactions."""

    user_id: str | None = None
    item_id: str | None = None
    timestamp: Time | None = None
    rating: str | None = None
    order: Literal["file"] | None = None
    """``file``: the order of the rows is time order."""
    unknown_items: Unknown = "error"
    unknown_users: Unknown = "error"

    @field_validator("timestamp", mode="before")
    @classmethod
    def _column_alone(cls, value: object) -> object:
        if isinstance(value, str):
            return {"column": value}
        if isinstance(value, (dict, Time)) or value is None:
            return value
        raise ValueError('give a column, or {column: when, format: "%d/%m/%Y"}')

    @model_validator(mode="after")
    def _order_is_known(self) -> Interactions:
        words = " ".join((self.query or "").lower().split())
        if self.order and self.is_url and "order by" not in words:
            raise ValueError("the rows of a database have no order; give a `query` with ORDER BY")
        return self


class DescribedColumn(Column):
    """A column of the users' or items' table."""

    name: str | None = Field(None, alias="as", min_length=1)
    """What the library calls it; by default what the table does."""


class EntityTable(Origin):
    """A table of users or items."""

    columns: dict[Any, Any] = Field(default_factory=dict)
    """By name, its role or a `DescribedColumn`. It is checked column by column."""
    also: list[Any] = Field(default_factory=list)
    """Further tables. Each is checked on its own."""

    @property
    def id_column(self) -> str | None:
        """What the table calls the id, if that was said."""
        raise NotImplementedError


class ItemTable(EntityTable):
    """A table of items."""

    item_id: str | None = None

    @property
    def id_column(self) -> str | None:
        return self.item_id


class UserTable(EntityTable):
    """A table of users."""

    user_id: str | None = None

    @property
    def id_column(self) -> str | None:
        return self.user_id


@dataclass(frozen=True)
class Entity:
    """A described table of users or items whose columns are checked."""

    table: EntityTable
    columns: dict[str, Column]
    """By the library's names."""
    called: dict[str, str]
    """The table's names for these columns."""


@dataclass(frozen=True)
class Entities:
    """All described tables of users, or of items."""

    main: Entity | None
    """None if the interactions alone list the ids."""
    also: tuple[Entity, ...] = ()


@dataclass
class Description:
    """The well-formed part of a dataset.yaml. A table that is absent or described wrongly is
    None."""

    name: str | None = None
    interactions: Interactions | None = None
    items: Entities | None = None
    users: Entities | None = None
    wrong: frozenset[str] = frozenset()
    """The tables that are described wrongly."""
