"""Hits → those with a score that is high enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.errors import ConfigError
from towhee_recsys.operators import shared
from towhee_recsys.types import ROUTE, SCORE


@register(name="recsys/score_threshold")
class ScoreThreshold(shared.SharedOperator):
    """``ops.recsys.score_threshold(min_score=1.5)``: a list of lists of hits → the same without
    those of a lower score.

    Hits of the route ``popular`` stay: their score is a share of all interactions, and no inner
    product.
    """

    def __init__(self, min_score: float) -> None:
        super().__init__()
        if not math.isfinite(min_score):
            raise ConfigError(f"min_score is {min_score!r}; give a finite number")
        self._min_score = min_score

    def __call__(self, hits: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[Any]]:
        return [[hit for hit in row if self._passes(hit)] for row in hits]

    def _passes(self, hit: Mapping[str, Any]) -> bool:
        return hit.get(ROUTE) == "popular" or bool(hit[SCORE] >= self._min_score)
