"""What is known of a training run → the facts kept beside the weights it found."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Metadata(BaseModel):
    """What a model was trained on, how, and with which result."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    data: str
    """Name of the data set."""
    location: str | None
    """What `Dataset.load` takes to read it again; None where it was data frames."""
    sha256: str | None
    """Checksum of what was read."""
    id_types: dict[str, str]
    """``int`` or ``str`` for ``user_id`` and ``item_id``."""
    holdout: str
    """``last-two`` where two interactions of each user were kept back, or ``none``."""
    users: int
    items: int
    interactions: int
    """Interactions that were trained on."""
    epochs: float
    """How often training had gone through them when the model was best."""
    seconds: float
    """Wall-clock time of training."""
    interrupted: bool = False
    """Training was ended by hand, and might have found a better model."""
    seed: int
    preset: str | None = None
    """Name of the settings, where they were a preset's."""
    training: dict[str, Any] = {}
    """All settings of training."""
    curve: list[dict[str, float]] = []
    """A point for each validation on the way: ``member`` (which of the towers trained side by
    side, from 0), ``epoch``, ``loss``, ``hr@10``, ``ndcg@10``."""
    validation: dict[str, float] = {}
    """``hr@10`` and ``ndcg@10`` on the validation items, where some were kept back; of some
    users, drawn at random, where users times items are over two billion."""
    popularity: dict[str, float] = {}
    """The same of recommending what is most popular."""
    test: dict[str, float] = {}
    """Metrics on the test items, where they were measured."""
    intervals: dict[str, tuple[float, float]] = {}
    """95% bootstrap intervals of `test`."""
    created: str
    """ISO 8601, UTC."""
    versions: dict[str, str]
    """Of this library and of those that computed the weights."""
