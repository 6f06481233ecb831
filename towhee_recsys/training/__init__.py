"""Fit the towers, keep the best as a bundle, and measure it.

- `config`, `trainer`: settings, and the loop
- `initial`: item embeddings to start from
- `batches`, `schedule`, `checkpoint`, `progress`: what the loop is made of
- `evaluation`, `metrics`, `baselines`: how good a model is, and compared to what
- `report`: a page about a model, from its `findings`, its `curves` (laid out by `chart`) and a
  `map` of its items; `plots` draws the same as PNG files, in the colours of `palette`
"""

from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.evaluation import Evaluation, evaluate
from towhee_recsys.training.trainer import Listener, Trainer, train

__all__ = ["Evaluation", "Listener", "Trainer", "TrainingConfig", "evaluate", "train"]
