"""Rules as plain data → rules checked against the columns of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towhee_recsys.datasets.schema import Schema
from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.stores.filters.attributes import filterable
from towhee_recsys.stores.filters.expressions import compile_filter
from towhee_recsys.stores.filters.matching import matches
from towhee_recsys.types import Filter, Role, Rule


@dataclass(frozen=True)
class ReadRule:
    """A `Rule` whose columns and values are known to be right."""

    filter: Filter
    when: Filter
    users: Mapping[str, Role]

    def concerns(self, user: Mapping[str, Any]) -> bool:
        """Does it hold for a user with this record?

        Raises:
            RequestError: a value of the record does not fit its column.
        """
        try:
            return matches(user, self.when, self.users)
        except ValueError as exc:
            raise RequestError(f"user: {exc}") from exc


def read_rules(rules: Sequence[Rule], schema: Schema) -> list[ReadRule]:
    """The rules, checked.

    Raises:
        ConfigError: naming the rule by its place, and what is wrong with it.
    """
    return [_read(number, rule, schema) for number, rule in enumerate(rules)]


def _read(number: int, rule: Rule, schema: Schema) -> ReadRule:
    if not isinstance(rule, Mapping) or not {"filter"} <= rule.keys() <= {"filter", "when"}:
        raise ConfigError(
            f"rule {number} is {rule!r}; a rule is a dict with 'filter', and 'when' if it does not "
            "concern everybody"
        )
    read = ReadRule(rule["filter"], rule.get("when", {}), filterable(schema.users))
    for key, condition, columns in (
        ("filter", read.filter, filterable(schema.items)),
        ("when", read.when, read.users),
    ):
        try:
            compile_filter(condition, columns)
        except RequestError as exc:
            raise ConfigError(f"rule {number}, {key}: {exc}") from exc
    return read
