"""How a model is trained, as one validated object."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingConfig(BaseModel):
    """Settings of `train`; see `towhee_recsys.training.presets` for those with measured figures."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: str | None = None
    """Name of the preset that these settings are of."""
    epochs: float = Field(4, gt=0)
    """How often to go through the data."""
    min_steps: int = Field(1, ge=1)
    """Steps to take at least, where little data makes few batches."""
    time_budget: float | None = Field(None, gt=0)
    """Seconds, from the start of the command to the saved bundle; overrides `epochs`."""
    holdout: Literal["last-two", "none"] = "last-two"
    """Keep back each user's last two interactions to validate and to evaluate, or train on all."""
    seed: int = Field(0, ge=0)
    """The same seed on the same machine gives the same numbers, unless time sets the end."""
    patience: int = Field(4, ge=1)
    """Stop after so many validations without a better NDCG@10. They come after each epoch, or
    after some, where these are short."""
    learning_rate: float = Field(2e-3, gt=0)
    """At its peak: it rises for a tenth of the steps, then falls along a cosine to 2%."""
    weight_decay: float = Field(0.01, ge=0)
    """On matrices only (AdamW)."""
    gradient_norm: float = Field(5.0, gt=0)
    """Gradients are clipped to this norm."""
    batch_positions: int = Field(2_400, ge=1)
    """Padded positions in a batch."""
    negatives: int | None = Field(None, ge=1)
    """Items drawn for each batch to rank the next item against; all where the catalogue is not
    even twice as large. None: all, up to a catalogue of 10,000."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Of the residual branches. Pays in long runs, and slows the start of short ones."""
    id_dropout: float = Field(0.05, ge=0, lt=1)
    """Share of items that a step knows by their features alone, so that the model learns what to
    make of an item that it has never met (after DropoutNet, Volkovs et al. 2017)."""
    validation_users: int = Field(2_000, ge=1)
    """Users asked on the way; at the end all are, unless users times items are over two billion."""
