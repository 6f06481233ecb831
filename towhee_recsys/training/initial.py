"""Compute initial item embeddings from co-occurrence in the training histories."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from towhee_recsys.datasets.histories import Histories

MAX_LAG = 20
MEMORY = 5.0
SHIFT = 0.5
STD = 0.05


def initial_vectors(
    histories: Histories, items: int, size: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """``(items, size)`` float32 with standard deviation 0.05; zeros for items without neighbours.

    Items that follow each other closely get similar vectors. A[i, j] sums e^(−(lag−1)/5) over the
    pairs at lags 1 to 20 in one history, and is made symmetric. In histories without an order,
    which are random draws, all these pairs count alike. P = log(1 + 0.5 · A · total /
    (row · row)) is a shifted pointwise mutual information (Levy and Goldberg 2014), positive and
    sparse. The vectors are the `size` largest eigenvectors of P by absolute value, each times the
    square root of its absolute eigenvalue.
    """
    weights = _cooccurrence(histories, items)
    total, row = weights.sum(), np.asarray(weights.sum(axis=1)).ravel()
    entries = weights.tocoo()
    entries.data = np.log1p(SHIFT * entries.data * total / (row[entries.row] * row[entries.col]))
    values, vectors = _eigenvectors(entries.tocsr(), size, rng)
    embedding = vectors * np.sqrt(np.abs(values))
    scale = embedding[row > 0].std() if (row > 0).any() else 0.0
    return (embedding * (STD / scale if scale else 0.0)).astype(np.float32)


def _cooccurrence(histories: Histories, items: int) -> sp.csr_array:
    """``(items, items)`` symmetric float64: how close together two items occur in histories."""
    owner = np.repeat(np.arange(len(histories.lengths)), histories.lengths)
    weights: sp.csr_array = sp.csr_array((items, items))
    for lag in range(1, MAX_LAG + 1):
        same = owner[lag:] == owner[:-lag]
        left, right = histories.items[:-lag][same], histories.items[lag:][same]
        weight = np.full(len(left), np.exp(-(lag - 1) / MEMORY) if histories.ordered else 1.0)
        weights = weights + sp.csr_array((weight, (left, right)), shape=(items, items))
    return sp.csr_array(weights + weights.T)


def _eigenvectors(
    matrix: sp.csr_array, size: int, rng: np.random.Generator, extra: int = 32, steps: int = 5
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The `size` eigenpairs that are largest by absolute value, by randomised subspace iteration
    (Halko, Martinsson and Tropp 2011). They are padded with zeros if the matrix is smaller."""
    n = matrix.shape[0]
    basis = rng.standard_normal((n, min(size + extra, n)))
    for _ in range(steps):
        basis, _ = np.linalg.qr(matrix @ basis)
    values, rotation = np.linalg.eigh(basis.T @ (matrix @ basis))
    top = np.argsort(-np.abs(values))[:size]
    padding = size - len(top)
    return (
        np.pad(values[top], (0, padding)),
        np.pad(basis @ rotation[:, top], ((0, 0), (0, padding))),
    )
