"""Fit the towers, keep the best as a bundle, and measure it.

- `config`, `trainer`: settings, and the loop
- `initial`: item embeddings to start from
- `batches`, `schedule`, `checkpoint`, `progress`: what the loop is made of
- `evaluation`: how good a model is; over `ranking` (what everybody is answered), `metrics` (of
  ranks), `lists` (of what is shown), `bootstrap` (how sure) and `segments` (for whom)
- `baselines` (over `ease` and `ials`): what to compare with
- `cold_start`: how good it is for users and items that it has never met
- `evaluation_bar`: how far the evaluation is
"""

from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.evaluation import Evaluation, evaluate
from towhee_recsys.training.trainer import Listener, Trainer, train

__all__ = ["Evaluation", "Listener", "Trainer", "TrainingConfig", "evaluate", "train"]
