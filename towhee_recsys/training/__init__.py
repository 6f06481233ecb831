"""Train the towers on a data set, and keep the best model as a bundle.

- `fitting`: `train`, from a data set to a bundle
- `config`, `presets`: the settings, and sets of them with measured results
- `members`: train the model's members at once, each in a process of its own
- `trainer`: the loop that trains one member; `training_data`: the arrays that it reads
- `initial`: the item embeddings to start from
- `batches`, `dropout`, `optimizer`, `schedule`: the parts of a training step
- `checkpoint`: the state of a run in a folder; `interrupts`: Ctrl-C waits for the end of a step
- `listener`: what a run reports while it goes on
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
