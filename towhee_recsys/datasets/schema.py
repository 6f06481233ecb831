"""Give each column of the users' and items' tables its role."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from towhee_recsys.types import ITEM_ID, RESERVED_COLUMNS, USER_ID, Role


class Column(BaseModel):
    """One column of the users' or items' table."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    role: Role
    separator: str = "|"
    """Separates the labels of a ``multi_categorical`` column in a text file."""

    @field_validator("separator")
    @classmethod
    def _separator_is_not_empty(cls, value: str) -> str:
        if not value:
            raise ValueError("a separator needs at least one character")
        return value


class Schema(BaseModel):
    """The columns of both tables beside their ids.

    A column may be given as its role alone: ``Schema(items={"title": "text"})``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    users: dict[str, Column] = {}
    items: dict[str, Column] = {}

    @field_validator("users", "items", mode="before")
    @classmethod
    def _role_alone(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {k: {"role": v} if isinstance(v, str) else v for k, v in value.items()}

    @model_validator(mode="after")
    def _names_are_free(self) -> Schema:
        for table, columns in (("users", self.users), ("items", self.items)):
            for name in columns:
                if name in RESERVED_COLUMNS | {USER_ID, ITEM_ID}:
                    raise ValueError(
                        f"{table}: column '{name}' has a name that answers use themselves "
                        f"({', '.join(sorted(RESERVED_COLUMNS))}, {USER_ID}, {ITEM_ID}); rename it"
                    )
        return self

    @property
    def titles(self) -> list[str]:
        """The item columns that can serve as a title: ``text`` first, then ``display``."""
        return [n for role in ("text", "display") for n, c in self.items.items() if c.role == role]
