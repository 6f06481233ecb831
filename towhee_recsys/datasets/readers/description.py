"""Say what a dataset.yaml may contain, as models that check it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from towhee_recsys.datasets.schema import Column

Unknown = Literal["error", "drop", "keep"]
"""What becomes of interactions with ids that the table of their kind lacks: they are refused, left
out, or kept, with a record of the id alone."""

_PROBE = datetime(2001, 12, 23, 11, 44, 55, tzinfo=timezone.utc)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Reading(_Part):
    """How the values of a table are written. What is not said is found."""

    delimiter: str | None = Field(None, min_length=1)
    """Separates the fields of a line: any characters."""
    encoding: str | None = None
    """As Python calls it; by default UTF-8, or what a byte order mark says."""
    na: tuple[str, ...] = ()
    """Values that stand for a missing one, beside an empty one."""
    decimal: Literal[".", ","] = "."
    """The decimal mark."""
    header: bool | tuple[str, ...] = True
    """Whether the first line names the columns. Names, if it does not; without names, the columns
    are called ``1``, ``2``, …"""

    @field_validator("delimiter")
    @classmethod
    def _delimiter_can_separate(cls, value: str | None) -> str | None:
        value = "\t" if value == r"\t" else value
        if value is not None and any(c in value for c in '"\r\n\0'):
            raise ValueError("a quote or the end of a line cannot separate fields")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, value: str | None) -> str | None:
        try:
            "a".encode(value or "utf-8").decode(value or "utf-8")
        except (LookupError, ValueError) as exc:
            raise ValueError(
                "there is no such encoding; utf-8, cp1252 and utf-16 are some"
            ) from exc
        return value

    @field_validator("na", mode="before")
    @classmethod
    def _na_are_texts(cls, value: object) -> object:
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, bool) or not isinstance(one, (str, int, float)) for one in values):
            raise ValueError('put words that YAML knows in quotes, as in ["?", "NULL", "no"]')
        return tuple(str(one) for one in values)

    @field_validator("header", mode="before")
    @classmethod
    def _header_is_names(cls, value: object) -> object:
        if isinstance(value, bool):
            return value
        if not isinstance(value, list) or not value or not all(isinstance(n, str) for n in value):
            raise ValueError("give true, false, or the names of all columns, as in [user, item]")
        if len(set(value)) < len(value):
            raise ValueError("give each column a name of its own")
        return tuple(value)


class Time(_Part):
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


class Origin(_Part):
    """Where a table lies: in files, or in a database."""

    path: str = Field(min_length=1)
    """A file, a folder, a glob, or an SQLAlchemy URL."""
    read: Reading = Reading()
    table: str | None = None
    """The table of a database."""
    query: str | None = None
    """A query of a database, in place of a table."""
    password_env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The environment variable that holds the database's password."""

    @property
    def is_url(self) -> bool:
        """Whether the table lies in a database."""
        return "://" in self.path

    @model_validator(mode="before")
    @classmethod
    def _columns_without_header_have_numbers(cls, value: Any) -> Any:
        """``user_id: 1`` names the first column if there is no header."""
        read = value.get("read") if isinstance(value, dict) else None
        if not isinstance(read, dict) or read.get("header") is not False:
            return value
        numbers = ("user_id", "item_id", "rating", "timestamp")
        texts: dict[str, Any] = {
            k: str(v) for k, v in value.items() if k in numbers and type(v) is int
        }
        time = value.get("timestamp")
        if isinstance(time, dict) and type(time.get("column")) is int:
            texts["timestamp"] = {**time, "column": str(time["column"])}
        return {**value, **texts}

    @model_validator(mode="after")
    def _fits_its_place(self) -> Origin:
        if not self.is_url:
            for key in ("table", "query", "password_env"):
                if getattr(self, key) is not None:
                    raise ValueError(f"'{key}' is for databases; leave it out for files")
        elif (self.table is None) == (self.query is None):
            raise ValueError("a database needs a `table` or a `query`; give one of them")
        elif self.read.model_fields_set - {"na", "decimal"}:
            raise ValueError(
                "'read' has what is for files; a database needs `na` or `decimal` only"
            )
        return self


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

    columns: dict[Any, Any] = {}
    """By name, its role or a `DescribedColumn`. It is checked column by column."""
    also: list[Any] = []
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
