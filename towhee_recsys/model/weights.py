"""Put saved weights into towers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.errors import BundleError
from towhee_recsys.model.backend import nn, paddle


def set_weights(model: nn.Layer, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Set every parameter of `model` by its name.

    Raises:
        BundleError: names or shapes differ.
    """
    parameters = dict(model.named_parameters())
    shapes = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
    given = {name: tuple(weight.shape) for name, weight in weights.items()}
    if shapes != given:
        differing = sorted(n for n in {*shapes, *given} if shapes.get(n) != given.get(n))
        raise BundleError(f"the weights do not fit the model: {', '.join(differing[:5])} differ")
    with paddle.no_grad():
        for name, parameter in parameters.items():
            parameter.set_value(paddle.to_tensor(weights[name]))
