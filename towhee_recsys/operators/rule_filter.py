"""Operator ``recsys/rule_filter``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from towhee import register

from towhee_recsys.components.rules import Rules
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.types import Rule


@register(name="recsys/rule_filter")
class RuleFilter(SharedOperator):
    """``ops.recsys.rule_filter(bundle='bundle/', rules=[{'filter': {'year': {'gte': 1980}}}])``:
    narrow the filters of a list of requests.

    A rule has a ``filter`` on items. If it has ``when``, it applies only to users whose record
    passes that: ``{'when': {'age': {'lt': 18}}, 'filter': {'not': {'genres': 'Horror'}}}``. If a
    user could not be looked up, all rules apply. Put this step before the search, so that the
    search finds enough allowed items. See `towhee_recsys.components.rules.Rules`.
    """

    def __init__(self, bundle: str, rules: Sequence[Rule], fingerprint: str | None = None) -> None:
        super().__init__(bundle=str(bundle), fingerprint=fingerprint)
        self._given = list(rules)

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self._given, self.resources.bundle.schema)

    def __call__(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return self._rules.narrow(requests)
