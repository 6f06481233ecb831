"""Operator ``recsys/answer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.answers import Answers
from towhee_recsys.components.requests import is_batch
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.types import Recommendation


@register(name="recsys/answer")
class Answer(SharedOperator):
    """``ops.recsys.answer(url='redis://…')``: turn lists of hits into recommendations.

    It takes the input of the pipeline and a list of lists of hits. It returns a list of
    recommendations for each; if the input was not a list, it returns the only one. See
    `towhee_recsys.components.answers.Answers`.
    """

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        super().__init__(store_url=url, connections=connections)
        self._answers = Answers(self.resources)

    def __call__(
        self, raw: Any, hits: Sequence[Sequence[Mapping[str, Any]]]
    ) -> list[Recommendation] | list[list[Recommendation]]:
        answers = self._answers.compose(hits)
        return answers if is_batch(raw) else answers[0]
