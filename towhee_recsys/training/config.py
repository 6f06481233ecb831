"""Define the settings of training."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from towhee_recsys.datasets.splits import AUTO, checked_holdout


class TrainingConfig(BaseModel):
    """Settings of `train`. `towhee_recsys.training.presets` has some with measured results."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: str | None = None
    """Name of the preset that these settings come from."""
    epochs: float = Field(4, gt=0)
    """How often to go through the data."""
    min_steps: int = Field(1, ge=1)
    """The least number of steps, for data with few batches."""
    time_budget: float | None = Field(None, gt=0)
    """Seconds, from the start of the command to the saved bundle; overrides `epochs`."""
    holdout: Annotated[str, AfterValidator(checked_holdout)] = AUTO
    """What is held out for validation and test: ``auto``, ``last-two``, ``random-two``,
    ``time:DATE`` or ``none``; see `towhee_recsys.datasets.split`."""
    seed: int = Field(0, ge=0)
    """The same seed on the same machine gives the same model, unless there is a time budget."""
    patience: int = Field(4, ge=1)
    """Stop after so many validations without a better NDCG@10. There is one after each epoch, or
    after several short ones. Two are enough if two thirds of the steps so far brought nothing."""
    learning_rate: float = Field(2e-3, gt=0)
    """The peak. The rate rises to it for a tenth of the steps, then falls along a cosine to 2%."""
    weight_decay: float = Field(0.01, ge=0)
    """Applied to matrices only (AdamW)."""
    gradient_norm: float = Field(5.0, gt=0)
    """Gradients are clipped to this norm."""
    batch_positions: int = Field(2_400, ge=1)
    """Padded positions in a batch, at most."""
    negatives: int | None = Field(None, ge=1)
    """Items drawn for each batch to rank the next item against. All items are used if the catalogue
    has fewer than twice as many. None: all items, up to a catalogue of 10,000."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout of the residual branches. It helps long runs and slows the start of short ones."""
    id_dropout: float = Field(0.05, ge=0, lt=1)
    """Share of items that a step knows by their features alone, so that the model learns to handle
    new items (after DropoutNet, Volkovs et al. 2017)."""
    validation_users: int = Field(2_000, ge=1)
    """Users in each validation. The final one takes all users, unless users times items exceed two
    billion."""
