"""Sum or average the embeddings of padded codes, row by row.

The sum is a sparse matrix times the table. That is several times as fast as Paddle's own segment
sums, forwards and backwards, and padding costs nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from towhee_recsys.features.vocabulary import PADDING
from towhee_recsys.model.backend import paddle


def row_sums(table: paddle.Tensor, codes: NDArray[np.int32], mean: bool = False) -> paddle.Tensor:
    """The sum or mean of each row's embeddings, ``(N, size)``, differentiable by `table`.

    Args:
        table: ``(V, size)`` embeddings.
        codes: ``(N, W)`` codes below V. Each row has at least one that is not padding.
        mean: whether to average instead of adding.
    """
    return _Product.apply(table, sum_matrix(codes, len(table), mean))


def sum_matrix(codes: NDArray[np.int32], size: int, mean: bool = False) -> sp.csr_array:
    """The ``(N, size)`` matrix that, times a table, gives the sum or mean of each row's embeddings.

    Args:
        codes: ``(N, W)`` codes below `size`.
        size: rows of the table.
        mean: whether to average instead of adding.
    """
    filled = codes != PADDING
    counts = np.count_nonzero(filled, axis=1)
    shares = np.repeat(1 / counts if mean else np.ones(len(counts)), counts).astype(np.float32)
    ends = np.concatenate([[0], np.cumsum(counts)])
    return sp.csr_array((shares, codes[filled], ends), shape=(len(codes), size))


class _Product(paddle.autograd.PyLayer):
    """The product of a sparse ``(N, V)`` matrix and a table ``(V, size)``."""

    @staticmethod
    def forward(ctx: Any, table: paddle.Tensor, matrix: sp.csr_array) -> paddle.Tensor:
        ctx.matrix = matrix
        return paddle.to_tensor(matrix @ np.from_dlpack(table.detach().cpu()))

    @staticmethod
    def backward(ctx: Any, gradient: paddle.Tensor) -> paddle.Tensor:
        return paddle.to_tensor(ctx.matrix.T @ gradient.numpy())
