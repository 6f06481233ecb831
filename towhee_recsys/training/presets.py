"""Name three sets of settings for the same model, each with measured results."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from towhee_recsys.errors import TrainingError
from towhee_recsys.model import ModelConfig
from towhee_recsys.training.config import TrainingConfig

Preset: TypeAlias = Literal["fast", "balanced", "best"]
"""``fast``: a good model in minutes. ``balanced``: the default. ``best``: the best known settings,
which take the longest."""

_MODEL = ModelConfig()
_PRESETS: dict[Preset, tuple[ModelConfig, TrainingConfig]] = {
    "fast": (_MODEL, TrainingConfig(preset="fast", min_steps=60, epochs=2.5)),
    "balanced": (_MODEL, TrainingConfig(preset="balanced", min_steps=60, epochs=6, dropout=0.1)),
    "best": (_MODEL, TrainingConfig(preset="best", min_steps=60, epochs=12, dropout=0.2)),
}
PRESETS: tuple[Preset, ...] = get_args(Preset)


def preset(name: str) -> tuple[ModelConfig, TrainingConfig]:
    """The shape of the towers and the settings of training.

    Raises:
        TrainingError: there is no such preset.
    """
    for known, settings in _PRESETS.items():
        if known == name:
            return settings
    raise TrainingError(f"there is no preset {name!r}; name one of {', '.join(PRESETS)}")
