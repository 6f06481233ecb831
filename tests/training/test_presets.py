"""Presets are settings of one model."""

from __future__ import annotations

import pytest

from towhee_recsys import Dataset, train
from towhee_recsys.errors import TrainingError
from towhee_recsys.training import PRESETS, preset
from towhee_recsys.types import VECTOR_SIZE


def test_every_preset_fills_a_vector_and_has_its_name() -> None:
    assert PRESETS == ("fast", "balanced", "best")
    found = [preset(name) for name in PRESETS]
    assert [config.preset for _, config in found] == list(PRESETS)
    assert {model.embedding_size for model, _ in found} == {VECTOR_SIZE}
    epochs = [config.epochs for _, config in found]
    assert epochs == sorted(epochs)


def test_a_preset_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(TrainingError, match="no preset 'slow'; name one of fast, balanced, best"):
        preset("slow")


def test_training_without_settings_takes_the_balanced_ones(cycle_dataset: Dataset) -> None:
    meta = train(cycle_dataset).metadata
    assert meta.preset == "balanced"
    assert meta.training == preset("balanced")[1].model_dump(mode="json")
