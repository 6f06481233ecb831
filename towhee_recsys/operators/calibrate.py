"""Hits → the same, each with how likely it is to be the user's next item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.bundle.calibration import Calibration
from towhee_recsys.components.hits import Hits, as_vectors, one_for_each
from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.operators import shared
from towhee_recsys.operators.milvus_search import ids_of
from towhee_recsys.types import ITEM_ID, PROBABILITY, ROUTE, SCORE

if TYPE_CHECKING:
    from towhee_recsys.encoders import UserEncoder


@register(name="recsys/calibrate")
class Calibrate(shared.SharedOperator):
    """``ops.recsys.calibrate(bundle='bundle/')``: lists of hits, and the ``(B, 256)`` vectors of
    the users they are for → the hits with ``probability``: of the items of which the model was so
    sure, the share that was the user's next one.

    A third input, a list of requests, gives each list its own ``calibrate``, and the ``history``
    that is left out of what could be next. Order and scores stay as they are. Hits of the route
    ``popular`` get none, as their score is no inner product, nor do items of the history, as the
    model learnt nothing of what is met again.
    """

    def __init__(self, bundle: str, fingerprint: str | None = None, calibrate: bool = True) -> None:
        super().__init__()
        self._bundle, self._fingerprint = str(bundle), fingerprint
        self._calibrate = calibrate

    @cached_property
    def _encoder(self) -> UserEncoder:
        return shared.user_encoder(self._bundle, self._fingerprint)

    def __call__(
        self,
        hits: Sequence[Hits],
        vectors: NDArray[np.float32],
        requests: Sequence[Mapping[str, Any]] | None = None,
    ) -> list[list[dict[str, Any]]]:
        asked = requests if requests is not None else [{}] * len(hits)
        vectors = as_vectors(vectors)
        one_for_each("lists of hits", hits, "vectors", vectors)
        one_for_each("lists of hits", hits, "requests", asked)
        answers = [[dict(hit) for hit in row] for row in hits]
        wanted = [i for i, one in enumerate(asked) if one.get("calibrate", self._calibrate)]
        if wanted:
            curve, histories = self._curve(), [ids_of(asked[i], "history") for i in wanted]
            totals = self._encoder.log_totals(vectors[wanted], histories)
            for i, history, total in zip(wanted, histories, totals, strict=True):
                _add(answers[i], set(history), total, curve)
        return answers

    def _curve(self) -> Calibration:
        try:
            return shared.calibration(self._bundle, self._fingerprint)
        except ConfigError as exc:
            if self._calibrate:
                raise
            raise RequestError(str(exc)) from exc


def _add(hits: list[dict[str, Any]], met: set[Any], total: float, curve: Calibration) -> None:
    """The probabilities of one user's hits, to those that have one."""
    scored = [hit for hit in hits if hit.get(ROUTE) != "popular" and hit[ITEM_ID] not in met]
    scores = np.array([hit[SCORE] for hit in scored], np.float64)
    for hit, probability in zip(scored, curve.probability(scores - total).tolist(), strict=True):
        hit[PROBABILITY] = probability
