"""User vectors and the items that came next → the loss that training lowers."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.model.backend import functional, paddle

Pairs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Rows and columns of a matrix, ``(M,)`` each."""

_NEVER = -1e4


class SoftmaxLoss:
    """Cross-entropy of the next item among all: −log softmax(u·x)[positive], the mean.

    The gradient of the logits is (softmax − one-hot) / P. Both are computed in one pass over one
    buffer, which is kept from step to step: the logits of a whole catalogue are by far the largest
    arrays of a step, and Paddle's own operators would make five of them.
    """

    def __init__(self) -> None:
        self._buffer = np.empty(0, np.float32)

    def __call__(
        self, users: paddle.Tensor, items: paddle.Tensor, positives: NDArray[np.int64], seen: Pairs
    ) -> paddle.Tensor:
        """
        Args:
            users: ``(P, size)`` float32.
            items: ``(N, size)`` float32.
            positives: ``(P,)`` row of `items` that came next.
            seen: rows of `users` and rows of `items` that these had met before; never recommended,
                so their logits are left out. A positive is never left out.
        """
        shape = (len(users), len(items))
        if self._buffer.size < shape[0] * shape[1]:
            self._buffer = np.empty(shape[0] * shape[1], np.float32)
        logits = self._buffer[: shape[0] * shape[1]].reshape(shape)
        loss: paddle.Tensor = _CrossEntropy.apply(users, items, positives, seen, logits)
        return loss


class _CrossEntropy(paddle.autograd.PyLayer):
    @staticmethod
    def forward(
        ctx: Any,
        users: paddle.Tensor,
        items: paddle.Tensor,
        positives: NDArray[np.int64],
        seen: Pairs,
        logits: NDArray[np.float32],
    ) -> paddle.Tensor:
        u, x, rows = users.numpy(), items.numpy(), np.arange(len(positives))
        np.matmul(u, x.T, out=logits)
        right = logits[rows, positives]
        logits[seen] = _NEVER
        logits[rows, positives] = right
        highest = logits.max(axis=1, keepdims=True)
        logits -= highest
        np.exp(logits, out=logits)
        total = logits.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) + highest[:, 0] - right).mean(dtype=np.float64)
        logits /= total * len(rows)
        logits[rows, positives] -= 1 / len(rows)
        ctx.gradients = paddle.to_tensor(logits @ x), paddle.to_tensor(logits.T @ u)
        return paddle.to_tensor(np.float32(loss))

    @staticmethod
    def backward(ctx: Any, gradient: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        users, items = ctx.gradients
        return users * gradient, items * gradient


def sampled_softmax_loss(
    users: paddle.Tensor,
    positives: paddle.Tensor,
    negatives: paddle.Tensor,
    hidden: Pairs,
    log_odds: float,
) -> paddle.Tensor:
    """Cross-entropy of the next item among itself and items drawn uniformly for the whole batch.

    Args:
        users: ``(P, size)`` float32.
        positives: ``(P, size)`` float32, the vectors of the items that came next.
        negatives: ``(K, size)`` float32.
        hidden: rows of `users` and rows of `negatives` that these had met, or that are their
            positive.
        log_odds: log(catalogue / K), what each negative stands for (the log-q correction of
            Bengio and Senécal 2008 for a uniform q).
    """
    positive = (users * positives).sum(axis=1, keepdim=True)
    mask = np.full((len(users), len(negatives)), log_odds, np.float32)
    mask[hidden] = _NEVER
    negative = paddle.matmul(users, negatives, transpose_y=True) + paddle.to_tensor(mask)
    logits = paddle.concat([positive, negative], axis=1)
    return functional.cross_entropy(logits, paddle.zeros([users.shape[0]], dtype="int64"))
