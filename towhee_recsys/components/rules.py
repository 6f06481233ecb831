"""Restrict what may be recommended to whom, by rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towhee_recsys.datasets.schema import Schema
from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.stores.filters.attributes import filterable
from towhee_recsys.stores.filters.expressions import compile_filter
from towhee_recsys.stores.filters.matching import matches
from towhee_recsys.types import DEGRADED, Filter, Role, Rule


class Rules:
    """Rules that were checked against a schema."""

    def __init__(self, rules: Sequence[Rule], schema: Schema) -> None:
        """
        Raises:
            ConfigError: a rule is wrong. The message names its position and what is wrong.
        """
        self._rules = [_read(number, rule, schema) for number, rule in enumerate(rules)]

    def narrow(self, queries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The queries with their filters narrowed by the rules that apply to their users.

        If a user could not be looked up, all rules apply, because any of them might.

        Raises:
            RequestError: a value of a user's record does not match its column.
        """
        return [self._narrowed(query) for query in queries]

    def _narrowed(self, query: Mapping[str, Any]) -> dict[str, Any]:
        user, own = query.get("user") or {}, query.get("filter")
        unknown = not user and "users" in query.get(DEGRADED, ())
        conditions = [rule.filter for rule in self._rules if unknown or rule.applies_to(user)]
        if not conditions:
            return dict(query)
        return {**query, "filter": {"and": [*([own] if own else []), *conditions]}}


@dataclass(frozen=True)
class _Rule:
    """A rule, with the users' columns that it can refer to."""

    filter: Filter
    when: Filter
    users: Mapping[str, Role]

    def applies_to(self, user: Mapping[str, Any]) -> bool:
        """True if the rule applies to a user with this record.

        Raises:
            RequestError: a value of the record does not match its column.
        """
        try:
            return matches(user, self.when, self.users)
        except ValueError as exc:
            raise RequestError(f"user: {exc}") from exc


def _read(number: int, rule: Rule, schema: Schema) -> _Rule:
    if not isinstance(rule, Mapping) or not {"filter"} <= rule.keys() <= {"filter", "when"}:
        raise ConfigError(
            f"rule {number} is {rule!r}; a rule is a dict with 'filter', and 'when' if it does not "
            "apply to all users"
        )
    read = _Rule(rule["filter"], rule.get("when", {}), filterable(schema.users))
    for key, condition, columns in (
        ("filter", read.filter, filterable(schema.items)),
        ("when", read.when, read.users),
    ):
        try:
            compile_filter(condition, columns)
        except RequestError as exc:
            raise ConfigError(f"rule {number}, {key}: {exc}") from exc
    return read
