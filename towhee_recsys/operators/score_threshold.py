"""Operator ``recsys/score_threshold``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.hits import Hits, above_threshold
from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.operators.base import SharedOperator


@register(name="recsys/score_threshold")
class ScoreThreshold(SharedOperator):
    """``ops.recsys.score_threshold(min_score=1.5)``: leave out hits with a lower score.

    A second input, a list of requests, gives each list its own ``min_score``. None keeps all hits.
    Popular items stay, because their score is a share of interactions and not an inner product.
    """

    def __init__(self, min_score: float | None = None) -> None:
        super().__init__()
        self._completion = Completion(Defaults.checked(min_score=min_score))

    def __call__(
        self, hits: Sequence[Hits], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> list[list[Any]]:
        return above_threshold(hits, self._completion.queries(requests, len(hits)))
