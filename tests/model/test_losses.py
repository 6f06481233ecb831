"""Both losses equal a plain computation, with the mask of seen items."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import towhee_recsys.model.losses as losses
from towhee_recsys.model import sampled_softmax_loss, softmax_loss
from towhee_recsys.model.backend import functional, paddle

P, N, K, SIZE = 5, 7, 4, 3
RNG = np.random.default_rng(0)
USERS = RNG.normal(size=(P, SIZE)).astype(np.float32)
ITEMS = RNG.normal(size=(N, SIZE)).astype(np.float32)
POSITIVES = np.array([0, 3, 6, 3, 1])
DRAWN = np.array([5, 3, 0, 2])


def _cross_entropy(logits: list[float], right: float) -> float:
    return float(np.log(np.sum(np.exp(logits))) - right)


def _moved(tensor: paddle.Tensor) -> list[bool]:
    """Which rows have a gradient. Paddle clips softmax at exp(-64): what is masked has 1e-28."""
    return [bool(row > 1e-12) for row in np.abs(tensor.grad.numpy()).max(axis=1)]


def _tensor(array: NDArray[np.float32]) -> paddle.Tensor:
    return paddle.to_tensor(array, stop_gradient=False)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_softmax_masks_seen_items(share: float) -> None:
    seen = np.random.default_rng(1).random((P, N)) < share
    losses = []
    for p, positive in enumerate(POSITIVES):
        scores = [float(USERS[p] @ ITEMS[i]) for i in range(N)]
        kept = [s for i, s in enumerate(scores) if i == positive or not seen[p, i]]
        losses.append(_cross_entropy(kept, scores[positive]))
    users, items = _tensor(USERS), _tensor(ITEMS)
    loss = softmax_loss(users, items, POSITIVES, np.nonzero(seen))
    assert float(loss) == pytest.approx(np.mean(losses), abs=1e-5)
    if share == 1.0:  # nothing but the positive is left, and it is never left out
        assert float(loss) == pytest.approx(0.0, abs=1e-6)
        return
    loss.backward()
    assert all(_moved(users))


def test_item_seen_by_all_gets_no_gradient() -> None:
    seen = np.zeros((P, N), bool)
    seen[:, 4] = True
    items = _tensor(ITEMS)
    softmax_loss(_tensor(USERS), items, POSITIVES, np.nonzero(seen)).backward()
    assert _moved(items) == [True, True, True, True, False, True, True]


def test_sampled_softmax_weights_negatives() -> None:
    hidden = (np.random.default_rng(2).random((P, K)) < 0.3) | (POSITIVES[:, None] == DRAWN)
    log_odds = float(np.log(N / K))
    losses = []
    for p, positive in enumerate(POSITIVES):
        right = float(USERS[p] @ ITEMS[positive])
        negatives = [
            float(USERS[p] @ ITEMS[i]) + log_odds for k, i in enumerate(DRAWN) if not hidden[p, k]
        ]
        losses.append(_cross_entropy([right, *negatives], right))
    users, positives, negatives_ = _tensor(USERS), _tensor(ITEMS[POSITIVES]), _tensor(ITEMS[DRAWN])
    loss = sampled_softmax_loss(users, positives, negatives_, np.nonzero(hidden), log_odds)
    assert float(loss) == pytest.approx(np.mean(losses), abs=1e-5)
    loss.backward()
    assert _moved(users) == _moved(positives) == (~hidden.all(axis=1)).tolist()
    assert _moved(negatives_) == (~hidden.all(axis=0)).tolist()


def test_sampling_all_other_items_equals_the_full_softmax() -> None:
    seen = np.random.default_rng(3).random((P, N)) < 0.3
    full = softmax_loss(_tensor(USERS), _tensor(ITEMS), POSITIVES, np.nonzero(seen))
    hidden = seen | (np.arange(N) == POSITIVES[:, None])
    sampled = sampled_softmax_loss(
        _tensor(USERS), _tensor(ITEMS[POSITIVES]), _tensor(ITEMS), np.nonzero(hidden), 0.0
    )
    assert float(sampled) == pytest.approx(float(full), abs=1e-5)


def test_gradients_of_the_full_softmax_equal_those_of_paddle() -> None:
    seen = np.random.default_rng(4).random((P, N)) < 0.4
    seen[np.arange(P), POSITIVES] = False
    users, items = _tensor(USERS), _tensor(ITEMS)
    (3 * softmax_loss(users, items, POSITIVES, np.nonzero(seen))).backward()
    plain_users, plain_items = _tensor(USERS), _tensor(ITEMS)
    mask = paddle.to_tensor(np.where(seen, -1e4, 0).astype(np.float32))
    logits = paddle.matmul(plain_users, plain_items, transpose_y=True) + mask
    (3 * functional.cross_entropy(logits, paddle.to_tensor(POSITIVES))).backward()
    np.testing.assert_allclose(users.grad.numpy(), plain_users.grad.numpy(), atol=1e-6)
    np.testing.assert_allclose(items.grad.numpy(), plain_items.grad.numpy(), atol=1e-6)


def test_loss_in_parts_equals_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = np.nonzero(np.random.default_rng(5).random((P, N)) < 0.4)
    whole, parts = ((_tensor(USERS), _tensor(ITEMS)) for _ in range(2))
    expected = softmax_loss(*whole, POSITIVES, seen)
    expected.backward()
    monkeypatch.setattr(losses, "_ROWS_AT_ONCE", 2)
    found = softmax_loss(*parts, POSITIVES, seen)
    found.backward()
    assert float(found) == pytest.approx(float(expected), abs=1e-6)
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_allclose(one.grad.numpy(), other.grad.numpy(), atol=1e-7)
