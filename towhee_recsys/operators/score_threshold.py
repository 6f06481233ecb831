"""Hits → those with a score that is high enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from towhee import register

from towhee_recsys.components.hits import Hits, one_for_each
from towhee_recsys.errors import ConfigError
from towhee_recsys.operators import shared
from towhee_recsys.types import ROUTE, SCORE


@register(name="recsys/score_threshold")
class ScoreThreshold(shared.SharedOperator):
    """``ops.recsys.score_threshold(min_score=1.5)``: a list of lists of hits → the same without
    those of a lower score.

    A second input, a list of requests, gives each list its own ``min_score``; None lets all pass.
    Hits of the route ``popular`` stay: their score is a share of all interactions, and no inner
    product.
    """

    def __init__(self, min_score: float | None = None) -> None:
        super().__init__()
        if min_score is not None and not math.isfinite(min_score):
            raise ConfigError(f"min_score is {min_score!r}; give a finite number")
        self._min_score = min_score

    def __call__(
        self, hits: Sequence[Hits], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> list[list[Any]]:
        asked = requests if requests is not None else [{}] * len(hits)
        one_for_each("lists of hits", hits, "requests", asked)
        limits = [request.get("min_score", self._min_score) for request in asked]
        return [
            [hit for hit in row if low is None or hit.get(ROUTE) == "popular" or hit[SCORE] >= low]
            for row, low in zip(hits, limits, strict=True)
        ]
