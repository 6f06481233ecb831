"""Presets are settings of one model."""

from __future__ import annotations

import pytest

from towhee_recsys import Dataset, train
from towhee_recsys.errors import TrainingError
from towhee_recsys.training import PRESETS, preset
from towhee_recsys.types import VECTOR_SIZE


def test_presets_have_full_vectors_and_their_names() -> None:
    assert PRESETS == ("fast", "balanced", "best")
    found = [preset(name) for name in PRESETS]
    assert [config.preset for _, config in found] == list(PRESETS)
    assert {model.embedding_size for model, _ in found} == {VECTOR_SIZE}
    epochs = [config.epochs for _, config in found]
    assert epochs == sorted(epochs)


def test_unknown_preset_is_refused() -> None:
    with pytest.raises(TrainingError, match="no preset 'slow'; name one of fast, balanced, best"):
        preset("slow")


def test_default_settings_are_balanced(cycle_dataset: Dataset) -> None:
    meta = train(cycle_dataset).metadata
    assert meta.preset == "balanced"
    assert meta.training == {
        **preset("balanced")[1].model_dump(mode="json"),
        "holdout": "last-two",  # what "auto" means for data in time order
    }
