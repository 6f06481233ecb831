"""The state of a training run ↔ a folder, from which a killed run goes on."""

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
class Progress:
    """How far a run has come; all that is not an array."""

    run: str
    """Identifies data and settings: a run goes on only with the same."""
    epoch: int = 0
    """Epochs done."""
    step: int = 0
    seconds: float = 0.0
    """Spent training, over all sittings."""
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

    progress: Progress
    weights: Arrays
    optimizer: Arrays
    best: Arrays
    """The weights of the best validation so far."""

    def save(self, folder: Path) -> None:
        """Write beside the old checkpoint, then take its place: one is whole at any time."""
        new, old = _beside(folder)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        new.mkdir(parents=True)
        for name, arrays in self._arrays().items():
            save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, new / name)
        (new / "progress.json").write_text(json.dumps(asdict(self.progress), indent=2))
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @staticmethod
    def exists(folder: Path) -> bool:
        """Is there one, or what a killed `save` had written whole?"""
        return folder.exists() or (_beside(folder)[0] / "progress.json").exists()

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove the checkpoint, and what a killed `save` left beside it."""
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
            TrainingError: there is none, it is damaged, or it is of other data or settings.
        """
        new, _ = _beside(folder)
        if not folder.exists() and (new / "progress.json").exists():
            new.rename(folder)  # as `save` would have, had it not been killed
        if not folder.exists():
            raise TrainingError(f"there is nothing to resume at {folder}; train without --resume")
        try:
            progress = Progress(**json.loads((folder / "progress.json").read_text()))
            arrays = [
                load_file(folder / f"{n}.safetensors") for n in ("weights", "optimizer", "best")
            ]
        except (OSError, TypeError, ValueError, SafetensorError) as exc:
            raise TrainingError(
                f"the checkpoint at {folder} is damaged ({exc}); train without --resume"
            ) from exc
        if progress.run != run:
            raise TrainingError(
                f"the checkpoint at {folder} is of a run with other data or settings; repeat those "
                "of the run that was interrupted, or train without --resume"
            )
        return cls(progress, *arrays)


def _beside(folder: Path) -> tuple[Path, Path]:
    """Where the next checkpoint is written, and where the last one waits for its removal."""
    return folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
