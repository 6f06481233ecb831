"""Save the state of a training run in a folder, from which a killed run resumes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from towhee_recsys.errors import TrainingError

Arrays = Mapping[str, NDArray[np.float32]]


@dataclass
class RunState:
    """How far a run has come: everything that is not an array."""

    run: str
    """Identifies data and settings. A run resumes only with the same ones."""
    epoch: int = 0
    """Finished epochs."""
    step: int = 0
    seconds: float = 0.0
    """Training time, over all sessions."""
    best_ndcg: float = -1.0
    best_epochs: float = 0.0
    worse: int = 0
    """Validations since the best one."""
    finished: bool = False
    curve: list[dict[str, float]] = field(default_factory=list)
    """See `Metadata.curve`."""


@dataclass
class Checkpoint:
    """A run at the end of an epoch."""

    state: RunState
    weights: Arrays
    optimizer: Arrays
    best: Arrays
    """The weights of the best validation so far."""

    def save(self, folder: Path) -> None:
        """Write beside the old checkpoint, then replace it, so that one is whole at any time."""
        new, old = _beside(folder)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        new.mkdir(parents=True)
        for name, arrays in self._arrays().items():
            save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, new / name)
        (new / "progress.json").write_text(json.dumps(asdict(self.state), indent=2))
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether there is a checkpoint, or a complete one that a killed `save` left beside it."""
        return folder.exists() or (_beside(folder)[0] / "progress.json").exists()

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove the checkpoint, and anything that a killed `save` left beside it."""
        for path in (folder, *_beside(folder)):
            shutil.rmtree(path, ignore_errors=True)

    def _arrays(self) -> dict[str, Arrays]:
        return {
            "weights.safetensors": self.weights,
            "optimizer.safetensors": self.optimizer,
            "best.safetensors": self.best,
        }

    @classmethod
    def load(cls, folder: Path, run: str) -> Checkpoint:
        """Read the checkpoint of the run `run`.

        Raises:
            TrainingError: there is none, it is damaged, or it belongs to other data or settings.
        """
        new, _ = _beside(folder)
        if not folder.exists() and (new / "progress.json").exists():
            new.rename(folder)  # finish a `save` that was killed here
        if not folder.exists():
            raise TrainingError(f"there is nothing to resume at {folder}; train without --resume")
        try:
            state = RunState(**json.loads((folder / "progress.json").read_text()))
            arrays = [
                load_file(folder / f"{n}.safetensors") for n in ("weights", "optimizer", "best")
            ]
        except (OSError, TypeError, ValueError, SafetensorError) as exc:
            raise TrainingError(
                f"the checkpoint at {folder} is damaged ({exc}); train without --resume"
            ) from exc
        if state.run != run:
            raise TrainingError(
                f"the checkpoint at {folder} is of a run with other data or settings; repeat those "
                "of the run that was interrupted, or train without --resume"
            )
        return cls(state, *arrays)


def _beside(folder: Path) -> tuple[Path, Path]:
    """Where `save` writes the new checkpoint, and where it moves the old one."""
    return folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
