"""Operator ``recsys/calibrate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from towhee import register

from towhee_recsys.components.hits import Hits
from towhee_recsys.components.likelihood import Likelihood
from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.operators.base import SharedOperator


@register(name="recsys/calibrate")
class Calibrate(SharedOperator):
    """``ops.recsys.calibrate(bundle='bundle/')``: add ``probability`` to hits.

    It takes B lists of hits and the users' ``(B, 256)`` vectors. A third input, a list of B
    requests, gives each list its own ``calibrate``, and the ``history`` whose items get no
    probability. See `towhee_recsys.components.likelihood.Likelihood`.
    """

    def __init__(self, bundle: str, fingerprint: str | None = None, calibrate: bool = True) -> None:
        super().__init__(bundle=str(bundle), fingerprint=fingerprint)
        self._likelihood = Likelihood(self.resources)
        self._completion = Completion(Defaults.checked(calibrate=calibrate))

    def __call__(
        self,
        hits: Sequence[Hits],
        vectors: NDArray[np.float32],
        requests: Sequence[Mapping[str, Any]] | None = None,
    ) -> list[list[dict[str, Any]]]:
        queries = self._completion.queries(requests, len(hits))
        return self._likelihood.add(hits, vectors, queries)
