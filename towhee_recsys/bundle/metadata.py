"""The facts about a training run that are kept with its weights."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from towhee_recsys.bundle.comparison import Comparison
from towhee_recsys.datasets.histories import Order


class Metadata(BaseModel):
    """What a model was trained on, how, and with which result."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    data: str
    """Name of the data set."""
    location: str | None
    """What `Dataset.load` takes to read the data again. None for data frames."""
    sha256: str | None
    """Checksum of the files that were read."""
    id_types: dict[str, str]
    """``int`` or ``str`` for ``user_id`` and ``item_id``."""
    order: Order
    """What put users' interactions in order: ``time``, ``file``, or ``unknown``, and then the model
    does not know one either; see `towhee_recsys.datasets.Order`."""
    holdout: str
    """What was held out: ``last-two``, ``random-two``, ``time:DATE`` or ``none``; see
    `towhee_recsys.datasets.split`."""
    users: int
    items: int
    interactions: int
    """Interactions in the training data."""
    epochs: float
    """Passes over the training data up to the best model, which is the one kept."""
    seconds: float
    """Wall-clock time of training."""
    interrupted: bool = False
    """True if training was stopped early by the user. A longer run might give a better model."""
    seed: int
    preset: str | None = None
    """Name of the preset, if there was one."""
    training: dict[str, Any] = {}
    """All settings of training."""
    curve: list[dict[str, float]] = []
    """A point for each validation during training: ``member`` (from 0), ``epoch``, ``loss``,
    ``hr@10`` and ``ndcg@10``."""
    validation: dict[str, float] = {}
    """``hr@10`` and ``ndcg@10`` on the validation items. Empty if nothing was held out. If users
    times items exceed two billion, they are measured on a random sample of users."""
    popularity: dict[str, float] = {}
    """The same metrics for recommending the most popular items."""
    test: dict[str, float] = {}
    """Metrics on the test items. Empty until they are measured."""
    intervals: dict[str, tuple[float, float]] = {}
    """95% bootstrap intervals of the metrics in `test`. Empty if fewer than 30 users were
    evaluated."""
    evaluated: int | None = None
    """Users that the metrics are measured on. None in bundles of older versions."""
    comparison: Comparison | None = None
    """The best baseline on the test items. None until it is measured."""
    created: str
    """Time in ISO 8601, UTC."""
    versions: dict[str, str]
    """Versions of this library and of the libraries that computed the weights."""
