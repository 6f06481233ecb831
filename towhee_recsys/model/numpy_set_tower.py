"""Compute a trained user tower for histories without an order in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from towhee_recsys.model.numpy_layers import (
    Floats,
    NumpyRecords,
    folded,
    normalise,
    product,
    silu,
)
from towhee_recsys.model.set_tower import LARGEST, LEAST, SetTower


class NumpySetTower:
    """A `SetTower` that reads whole histories, with fixed weights.

    What an item adds to a pool depends on the item alone, so it is computed once. A batch of
    histories is then a sparse matrix times these rows.
    """

    def __init__(self, tower: SetTower, items: Floats) -> None:
        """`items`: ``(N, size)`` vectors; histories are rows of it."""
        self._records = NumpyRecords(tower.features)
        self._heads = tower.heads
        normed = normalise(items)
        values = silu(product(normed, folded(tower.norm_in, tower.value)))
        logits = product(normed, folded(tower.norm_in, tower.attend))
        weights = np.exp(LARGEST * np.tanh(logits / np.float32(LARGEST)))
        parts = weights[..., None] * values.reshape(len(items), self._heads, -1)
        self._parts: Floats = np.hstack([weights, parts.reshape(len(items), -1)])
        """``(N, heads + size)``: each item's weights, and its weighted values."""
        self._start = tower.start.numpy()
        self._project = folded(tower.norm_pool, tower.project)
        self._layers = [
            (
                folded(layer.norm, layer.expand),
                (layer.contract.weight.numpy(), layer.contract.bias.numpy()),
            )
            for layer in tower.layers
        ]
        self._scale_out = tower.norm_out.weight.numpy()
        self._shift_out = tower.norm_out.bias.numpy()

    def __call__(
        self, histories: Sequence[NDArray[np.int32]], arrays: Mapping[str, NDArray[Any]]
    ) -> Floats:
        """``(B, size)``: the users' vectors.

        Args:
            histories: item rows in any order. An item that is there twice counts once.
            arrays: the records' features, B rows each.
        """
        lengths = [len(history) for history in histories]
        rows = np.concatenate([*histories, np.empty(0, np.int32)])
        ends = np.concatenate(([0], np.cumsum(lengths)))
        seen = csr_array(
            (np.ones(len(rows), np.float32), rows, ends), shape=(len(lengths), len(self._parts))
        )
        seen.sum_duplicates()
        seen.data[:] = 1
        pooled: Floats = seen @ self._parts
        total, parts = pooled[:, : self._heads], pooled[:, self._heads :]
        pool: Floats = parts.reshape(len(lengths), self._heads, -1) / (total[..., None] + LEAST)
        z = self._start + self._records(arrays, len(lengths))
        z = z + product(normalise(pool.reshape(len(lengths), -1)), self._project)
        for expand, contract in self._layers:
            hidden = product(normalise(z), expand)
            np.maximum(hidden, 0, out=hidden)
            z += product(hidden, contract)
        vectors: Floats = normalise(z) * self._scale_out + self._shift_out
        return vectors
