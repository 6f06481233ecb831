"""Requests → the same, each with a filter that lets through only what the business allows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from towhee import register

from towhee_recsys.components.rules import ReadRule, read_rules
from towhee_recsys.operators import shared
from towhee_recsys.types import DEGRADED, Rule


@register(name="recsys/rule_filter")
class RuleFilter(shared.SharedOperator):
    """``ops.recsys.rule_filter(bundle='bundle/', rules=[{'filter': {'year': {'gte': 1980}}}])``: a
    list of requests → the list with narrower filters.

    A rule is a ``filter`` on items and, where it concerns some users only, ``when`` their record
    passes: ``{'when': {'age': {'lt': 18}}, 'filter': {'not': {'genres': 'Horror'}}}``. For a user
    who could not be looked up, every rule holds. It stands before the search, so that an answer is
    filled up with what is allowed.
    """

    def __init__(self, bundle: str, rules: Sequence[Rule]) -> None:
        super().__init__()
        self._bundle, self._rules = str(bundle), list(rules)

    @cached_property
    def _read(self) -> list[ReadRule]:
        return read_rules(self._rules, shared.schema(self._bundle))

    def __call__(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._narrowed(request) for request in requests]

    def _narrowed(self, request: dict[str, Any]) -> dict[str, Any]:
        user, own = request.get("user") or {}, request.get("filter")
        # Of whom nothing could be looked up, every rule may be meant.
        unknown = not user and "users" in request.get(DEGRADED, ())
        conditions = [rule.filter for rule in self._read if unknown or rule.concerns(user)]
        if not conditions:
            return request
        return {**request, "filter": {"and": [*([own] if own else []), *conditions]}}
