"""User vectors and the items that came next → the loss that training lowers."""

from __future__ import annotations

import numpy as np

from towhee_recsys.model.backend import functional, paddle

_NEVER = -1e4


def softmax_loss(
    users: paddle.Tensor, items: paddle.Tensor, positives: np.ndarray, seen: np.ndarray
) -> paddle.Tensor:
    """Cross-entropy of the next item among all `items`: −log softmax(u·x)[positive], the mean.

    Args:
        users: ``(P, size)`` float32.
        items: ``(N, size)`` float32.
        positives: ``(P,)`` row of `items` that came next.
        seen: ``(P, N)`` bool, items that the user had met before; never recommended, so their
            logits are left out. The positive is never left out.
    """
    logits = paddle.matmul(users, items, transpose_y=True)
    mask = np.where(seen, np.float32(_NEVER), np.float32(0))
    mask[np.arange(len(positives)), positives] = 0
    logits = logits + paddle.to_tensor(mask)
    return functional.cross_entropy(logits, paddle.to_tensor(positives))


def sampled_softmax_loss(
    users: paddle.Tensor,
    positives: paddle.Tensor,
    negatives: paddle.Tensor,
    hidden: np.ndarray,
    log_odds: float,
) -> paddle.Tensor:
    """Cross-entropy of the next item among itself and items drawn uniformly for the whole batch.

    Args:
        users: ``(P, size)`` float32.
        positives: ``(P, size)`` float32, the vectors of the items that came next.
        negatives: ``(K, size)`` float32.
        hidden: ``(P, K)`` bool, negatives that the user had met, or that are the positive.
        log_odds: log(catalogue / K), what each negative stands for (the log-q correction of
            Bengio and Senécal 2008 for a uniform q).
    """
    positive = (users * positives).sum(axis=1, keepdim=True)
    mask = np.where(hidden, np.float32(_NEVER), np.float32(log_odds))
    negative = paddle.matmul(users, negatives, transpose_y=True) + paddle.to_tensor(mask)
    logits = paddle.concat([positive, negative], axis=1)
    return functional.cross_entropy(logits, paddle.zeros([users.shape[0]], dtype="int64"))
