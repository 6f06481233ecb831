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
from towhee_recsys.model.set_tower import EPSILON, MAX_LOGIT, SetTower


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
        weights = np.exp(MAX_LOGIT * np.tanh(logits / np.float32(MAX_LOGIT)))
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
        return self._finish(self._sums(histories), self._records(arrays, len(histories)))

    def without_each(
        self, history: NDArray[np.int32], arrays: Mapping[str, NDArray[Any]]
    ) -> Floats:
        """``(N, size)``: the vectors of one user without each of the N items of a history.

        Args:
            history: ``(N,)`` distinct item rows.
            arrays: the record's features, one row each.
        """
        others = self._sums([history]) - self._parts[history]
        if len(history) == 1:
            others[:] = 0  # not what rounding leaves
        return self._finish(others, self._records(arrays, 1))

    def _sums(self, histories: Sequence[NDArray[np.int32]]) -> Floats:
        """``(B, heads + size)``: the histories' sums of `_parts`."""
        lengths = [len(history) for history in histories]
        rows = np.concatenate([*histories, np.empty(0, np.int32)])
        ends = np.concatenate(([0], np.cumsum(lengths)))
        seen = csr_array(
            (np.ones(len(rows), np.float32), rows, ends), shape=(len(lengths), len(self._parts))
        )
        seen.sum_duplicates()
        seen.data[:] = 1
        sums: Floats = seen @ self._parts
        return sums

    def _finish(self, sums: Floats, records: Floats) -> Floats:
        total, parts = sums[:, : self._heads], sums[:, self._heads :]
        pool: Floats = parts.reshape(len(sums), self._heads, -1) / (total[..., None] + EPSILON)
        z = self._start + records
        z = z + product(normalise(pool.reshape(len(sums), -1)), self._project)
        for expand, contract in self._layers:
            hidden = product(normalise(z), expand)
            np.maximum(hidden, 0, out=hidden)
            z += product(hidden, contract)
        vectors: Floats = normalise(z) * self._scale_out + self._shift_out
        return vectors
