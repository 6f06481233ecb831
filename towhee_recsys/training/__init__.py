"""Fit the towers, keep the best as a bundle, and measure it.

- `config`, `presets`: settings, and those with measured figures
- `fitting`: a data set → a bundle; its members are trained side by side by `worker`
- `data`, `trainer`: arrays, and the loop that fits one member to them
- `initial`: item embeddings to start from
- `batches`, `dropout`, `optimizer`, `schedule`, `checkpoint`: what the loop is made of
- `listener`, `progress`: what a run says of itself, and the bar that shows it
- `evaluation`: how good a model is; over `ranking` (what everybody is answered), `metrics` (of
  ranks), `lists` (of what is shown), `bootstrap` (how sure) and `segments` (for whom)
- `calibrating`: what a score is worth, and how true that is
- `baselines` (over `ease` and `ials`): what to compare with
- `cold_start`: how good it is for users and items that it has never met
- `evaluation_bar`: how far the evaluation is
- `report`: a page about a model, from its `findings`, its `curves` (laid out by `chart`) and a
  `map` of its items; `plots` draws the same as PNG files, in the colours of `palette`
"""

from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.fitting import train
from towhee_recsys.training.listener import Listener
from towhee_recsys.training.presets import PRESETS, Preset, preset

__all__ = [
    "PRESETS",
    "Listener",
    "Preset",
    "TrainingConfig",
    "preset",
    "train",
]
