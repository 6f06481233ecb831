"""A history is mixed by the double sum, and features are summed by their kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from towhee_recsys.datasets import Schema
from towhee_recsys.features import FIRST, TableFeatures
from towhee_recsys.model.backend import paddle
from towhee_recsys.model.layers import CausalMixing, FeatureEmbedding

HEADS, WIDTH, LENGTH = 4, 3, 6


def _mixing() -> CausalMixing:
    mixing = CausalMixing(HEADS * WIDTH, HEADS, LENGTH)
    noise = np.random.default_rng(1).normal(size=(HEADS, LENGTH)).astype(np.float32)
    with paddle.no_grad():
        mixing.kernel.set_value(mixing.kernel + paddle.to_tensor(noise))
    return mixing


def _double_sum(kernel: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """y_h(t) = Σ_{s≤t} exp(b_h[t−s]) v_h(s), term by term."""
    mixed = np.zeros_like(values, dtype=np.float64)
    for b in range(values.shape[0]):
        for t in range(values.shape[1]):
            for s in range(t + 1):
                for h in range(HEADS):
                    part = slice(h * WIDTH, (h + 1) * WIDTH)
                    mixed[b, t, part] += np.exp(kernel[h, t - s]) * values[b, s, part]
    return mixed


@pytest.mark.parametrize("length", [1, 4, LENGTH])
def test_mixing_equals_the_double_sum(length: int) -> None:
    mixing = _mixing()
    values = np.random.default_rng(2).normal(size=(3, length, HEADS * WIDTH)).astype(np.float32)
    expected = _double_sum(mixing.kernel.numpy(), values)
    np.testing.assert_allclose(mixing(paddle.to_tensor(values)).numpy(), expected, atol=1e-5)


def test_kernels_start_as_normalised_exponentials() -> None:
    kernel = np.exp(CausalMixing(8, heads=8, length=5_000).kernel.numpy())
    np.testing.assert_allclose(kernel.sum(axis=1), 1.0, atol=1e-4)
    # The weight halves after 0.5 · 2^h items: with the second head, from each to the next.
    np.testing.assert_allclose(kernel[1, 1:4] / kernel[1, :3], 0.5, atol=1e-5)
    np.testing.assert_allclose(kernel[7, 64] / kernel[7, 0], 0.5, atol=1e-5)


def test_features_are_summed_by_kind() -> None:
    schema = Schema.model_validate(
        {
            "items": {
                # Names that a layer could take for its own.
                "items": "categorical",
                "keys": "multi_categorical",
                "a.title": "text",
                "": "number",
            }
        }
    )
    records: list[dict[str, Any]] = [
        {"items": "x", "keys": ["p", "q"], "a.title": "one two", "": 0},
        {"items": "y", "keys": ["p"], "a.title": "one two one", "": 2},
        {},
    ]
    features = TableFeatures.fit(schema.items, records)
    paddle.seed(4)
    layer = FeatureEmbedding(features.features, 5, std=1.0)
    x, p, q, one, two = FIRST, FIRST, FIRST + 1, FIRST, FIRST + 1
    label, labels, words, number = (
        layer.columns[name].weight.numpy() for name in ("items", "keys", "a.title", "")
    )
    missing = label[1] + labels[1] + words[1]
    expected = [
        label[x] + labels[p] + labels[q] + (words[one] + words[two]) / 2 - number[0] + number[1],
        label[x + 1] + labels[p] + (2 * words[one] + words[two]) / 3 + number[0] + number[1],
        missing,
    ]
    found = layer(features.transform(records), 3).numpy()
    np.testing.assert_allclose(found, np.array(expected), atol=1e-5)


def test_gradients_of_lists_equal_those_of_dense_products() -> None:
    columns = {"labels": "multi_categorical", "words": "text"}
    records: list[dict[str, Any]] = [
        {"labels": ["p", "q", "p"], "words": "one two one"},
        {"labels": ["q"], "words": "two one"},
        {},
    ]
    schema = Schema.model_validate({"items": columns})
    features = TableFeatures.fit(schema.items, records)
    layer = FeatureEmbedding(features.features, 5, std=1.0)
    toward = np.random.default_rng(5).normal(size=(3, 5)).astype(np.float32)
    (layer(features.transform(records), 3) * paddle.to_tensor(toward)).sum().backward()
    # How much of padding, missing, unknown, the first and the second value each record holds.
    labels = np.array([[0, 0, 0, 2, 1], [0, 0, 0, 0, 1], [0, 1, 0, 0, 0]])
    words = np.array([[0, 0, 0, 2 / 3, 1 / 3], [0, 0, 0, 1 / 2, 1 / 2], [0, 1, 0, 0, 0]])
    for name, shares in (("labels", labels), ("words", words)):
        found = layer.columns[name].weight.grad.numpy()
        np.testing.assert_allclose(found, shares.T @ toward, atol=1e-6)


def test_no_features_add_nothing() -> None:
    assert not FeatureEmbedding({}, 5, std=1.0)({}, 2).numpy().any()
