"""Say where a described table is and how it is written, as models that check it."""

from __future__ import annotations

import codecs
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Part(BaseModel):
    """A mapping of a dataset.yaml. Keys that are not known are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Reading(Part):
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
    quotes: bool = True
    """Whether ``"`` may enclose a field. False if quotes are characters like any other."""
    escape: str | None = Field(None, pattern=r"^[!#-~]$")
    """What stands before a quote within quotes, as in ``\\"``. By default ``""`` is a quote."""

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
            "a".encode(value or "utf-8")  # which codecs that are none of text refuse
            codecs.getincrementaldecoder(value or "utf-8")("replace").decode(b"a")
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


_WEB = ("http", "https", "ftp", "s3", "gs", "gcs", "az", "abfs", "hdfs", "file")
"""What addresses begin with that are no databases."""


class Origin(Part):
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
        elif self.path.partition("://")[0].lower() in _WEB:
            raise ValueError("web addresses are not read; download the file, and give its path")
        elif self.table is not None and self.query is not None:
            raise ValueError("has both a `table` and a `query`; leave one out")
        elif self.table is None and self.query is None:
            raise ValueError("a database needs a `table` or a `query`; give one of them")
        elif self.read.model_fields_set - {"na", "decimal"}:
            raise ValueError(
                "'read' has what is for files; a database needs `na` or `decimal` only"
            )
        return self
