"""Add the probability that a hit is the user's next item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from towhee_recsys.bundle.calibration import Calibration
from towhee_recsys.components.hits import Hits, as_vectors, by_model, one_for_each
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.types import ITEM_ID, PROBABILITY, SCORE, Id, Query


class Likelihood:
    """Turns scores into probabilities, by the calibration of the bundle."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @property
    def curve(self) -> Calibration:
        """The bundle's calibration.

        Raises:
            ConfigError: the bundle has none.
        """
        curve = self._resources.bundle.calibration
        if curve is None:
            raise ConfigError(
                f"the model in {self._resources.deployment.bundle} cannot say how likely its "
                "recommendations are: it was trained without held-out interactions to learn that "
                "from. Train it with --holdout auto, or leave `calibrate` out"
            )
        return curve

    def add(
        self, lists: Sequence[Hits], vectors: Any, queries: Sequence[Query]
    ) -> list[list[dict[str, Any]]]:
        """Add ``probability`` to the hits of queries with ``calibrate``. Order and scores stay.

        The probability is how often an item with such a score was the user's next one. Popular
        items get none, because their score is not the model's. Items of the history get none,
        because the model is not trained on repeated interactions.

        Args:
            lists: B lists of hits.
            vectors: ``(B, 256)``, the users' vectors.
            queries: B queries, whose users have been looked up.

        Raises:
            RequestError: the lengths differ, or the model has no calibration.
        """
        vectors = as_vectors(vectors)
        one_for_each("lists of hits", lists, "vectors", vectors)
        one_for_each("lists of hits", lists, "requests", queries)
        answers = [[dict(hit) for hit in hits] for hits in lists]
        chosen = [i for i, query in enumerate(queries) if query["calibrate"]]
        if chosen:
            curve, histories = self._curve(), [queries[i]["history"] or [] for i in chosen]
            totals = self._resources.user_encoder.log_totals(vectors[chosen], histories)
            for i, history, total in zip(chosen, histories, totals.tolist(), strict=True):
                _add(answers[i], set(history), total, curve)
        return answers

    def _curve(self) -> Calibration:
        try:
            return self.curve
        except ConfigError as exc:  # a request asked for what the deployment does not have
            raise RequestError(str(exc)) from exc


def _add(hits: list[dict[str, Any]], seen: set[Id], total: float, curve: Calibration) -> None:
    scored: list[Any] = [hit for hit in by_model(hits) if hit[ITEM_ID] not in seen]
    scores = np.array([hit[SCORE] for hit in scored], np.float64)
    for hit, probability in zip(scored, curve.probability(scores - total).tolist(), strict=True):
        hit[PROBABILITY] = probability
