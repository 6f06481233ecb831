"""Hits → the same, each with how likely it is to be the user's next item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from towhee import register

from towhee_recsys.calibration import Calibration
from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.operators import shared
from towhee_recsys.operators.hits import Hits, one_for_each
from towhee_recsys.operators.milvus_search import ids_of
from towhee_recsys.types import ITEM_ID, PROBABILITY, ROUTE, SCORE


@register(name="recsys/calibrate")
class Calibrate(shared.SharedOperator):
    """``ops.recsys.calibrate(bundle='bundle/')``: lists of hits → the hits with ``probability``: of
    items recommended with such a score, the share that was the user's next one.

    A second input, a list of requests, gives each list its own ``calibrate``. Order and scores stay
    as they are. Hits of the route ``popular`` get none, as their score is no inner product, nor do
    items of the request's ``history``, as the model learnt nothing of what is met again.
    """

    def __init__(self, bundle: str, fingerprint: str | None = None, calibrate: bool = True) -> None:
        super().__init__()
        self._bundle, self._fingerprint = str(bundle), fingerprint
        self._calibrate = calibrate

    @cached_property
    def _calibration(self) -> Calibration:
        return shared.calibration(self._bundle, self._fingerprint)

    def __call__(
        self, hits: Sequence[Hits], requests: Sequence[Mapping[str, Any]] | None = None
    ) -> list[list[dict[str, Any]]]:
        asked = requests if requests is not None else [{}] * len(hits)
        one_for_each("lists of hits", hits, "requests", asked)
        return [self._calibrated(row, one) for row, one in zip(hits, asked, strict=True)]

    def _calibrated(self, row: Hits, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not request.get("calibrate", self._calibrate):
            return [dict(hit) for hit in row]
        try:
            curve = self._calibration
        except ConfigError as exc:
            if self._calibrate:
                raise
            raise RequestError(str(exc)) from exc
        met = set(ids_of(request, "history"))
        probabilities = curve.probability(np.array([hit[SCORE] for hit in row], np.float64))
        return [
            {**hit, PROBABILITY: probability}
            if hit.get(ROUTE) != "popular" and hit[ITEM_ID] not in met
            else dict(hit)
            for hit, probability in zip(row, probabilities.tolist(), strict=True)
        ]
