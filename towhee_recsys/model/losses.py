"""Compute the loss of users' vectors and their next items."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.model.backend import functional, paddle

Pairs: TypeAlias = "tuple[NDArray[np.int64], ...]"
"""Rows and columns of a matrix, ``(M,)`` each."""

_NEVER = -1e4
_ROWS_AT_ONCE = 256


def softmax_loss(
    users: paddle.Tensor, items: paddle.Tensor, positives: NDArray[np.int64], seen: Pairs
) -> paddle.Tensor:
    """The mean cross-entropy of the next item among all: −log softmax(u·x)[positive].

    Args:
        users: ``(P, size)`` float32.
        items: ``(N, size)`` float32.
        positives: ``(P,)`` the next items, as rows of `items`.
        seen: rows of `users`, ascending, and the rows of `items` that they had seen before. Seen
            items are never recommended, so their logits are masked. A positive is never masked.
    """
    loss: paddle.Tensor = _CrossEntropy.apply(users, items, positives, seen)
    return loss


class _CrossEntropy(paddle.autograd.PyLayer):
    """The loss and its gradient at once, some rows at a time.

    The logits of a whole catalogue are by far the largest arrays of a step. Paddle's operators
    would make five of them; some rows at a time stay in the processor's cache. The gradient of the
    logits is (softmax − one-hot) / P.
    """

    @staticmethod
    def forward(
        ctx: Any,
        users: paddle.Tensor,
        items: paddle.Tensor,
        positives: NDArray[np.int64],
        seen: Pairs,
    ) -> paddle.Tensor:
        u, x = users.numpy(), items.numpy()
        count, loss = len(u), 0.0
        of_users, of_items = np.empty_like(u), np.zeros_like(x)
        buffer = np.empty((min(_ROWS_AT_ONCE, count), len(x)), np.float32)
        for begin in range(0, count, _ROWS_AT_ONCE):
            part = u[begin : begin + _ROWS_AT_ONCE]
            rows, wanted = np.arange(len(part)), positives[begin : begin + _ROWS_AT_ONCE]
            masked = slice(*np.searchsorted(seen[0], [begin, begin + len(part)]))
            logits = np.matmul(part, x.T, out=buffer[: len(part)])
            right = logits[rows, wanted]
            logits[seen[0][masked] - begin, seen[1][masked]] = _NEVER
            logits[rows, wanted] = right
            highest = logits.max(axis=1, keepdims=True)
            logits -= highest
            np.exp(logits, out=logits)
            total = logits.sum(axis=1, keepdims=True)
            loss += float((np.log(total[:, 0]) + highest[:, 0] - right).sum(dtype=np.float64))
            logits /= total * count
            logits[rows, wanted] -= 1 / count
            of_users[begin : begin + len(part)] = logits @ x
            of_items += logits.T @ part
        ctx.gradients = paddle.to_tensor(of_users), paddle.to_tensor(of_items)
        return paddle.to_tensor(np.float32(loss / count))

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
    """The mean cross-entropy of the next item among itself and uniform negatives.

    Args:
        users: ``(P, size)`` float32.
        positives: ``(P, size)`` float32, the vectors of the next items.
        negatives: ``(K, size)`` float32, shared by the whole batch.
        hidden: rows of `users`, and the rows of `negatives` to mask for them: items already seen,
            and their positive.
        log_odds: log(catalogue / K), the number of items that each negative stands for (the log-q
            correction of Bengio and Senécal 2008 for a uniform q).
    """
    positive = (users * positives).sum(axis=1, keepdim=True)
    mask = np.full((len(users), len(negatives)), log_odds, np.float32)
    mask[hidden] = _NEVER
    negative = paddle.matmul(users, negatives, transpose_y=True) + paddle.to_tensor(mask)
    logits = paddle.concat([positive, negative], axis=1)
    return functional.cross_entropy(logits, paddle.zeros([users.shape[0]], dtype="int64"))
