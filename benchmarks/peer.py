"""Rank the items of a data set with another library, in a virtual environment of its own."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent / "peers"
NAME = "RecTools SASRec"


@dataclass(frozen=True)
class Result:
    """The ranks and facts of a peer's run."""

    validation: NDArray[np.int64]
    """The rank of each evaluated user's target, from 1, in the order of the users."""
    test: NDArray[np.int64]
    facts: dict[str, Any]
    """Speed, validation metrics, ``numbers`` in a vector, and ``versions``."""


def sasrec(dataset: Any, items: str, seconds: float, folder: Path | None = None) -> Result:
    """Train and evaluate RecTools' SASRec on the interactions that this library's models train on.

    Args:
        dataset: a `towhee_recsys.Dataset`.
        items: rank ``all`` items or only ``rated`` ones, as in `evaluate`.
        seconds: training time. Reading the data and ranking are not part of it.
        folder: the virtual environment; see `python`.
    """
    interpreter = python(folder)
    with tempfile.TemporaryDirectory() as scratch:
        arrays: dict[str, Any] = task(dataset, items)
        np.savez(Path(scratch, "task.npz"), **arrays)
        _run([interpreter, HERE / "sasrec.py", scratch, "--seconds", str(seconds)])
        return Result(
            np.load(Path(scratch, "validation.npy")),
            np.load(Path(scratch, "test.npy")),
            json.loads(Path(scratch, "facts.json").read_text()),
        )


def task(dataset: Any, items: str) -> dict[str, NDArray[Any]]:
    """The arrays that ``peers/sasrec.py`` reads."""
    from towhee_recsys.datasets import last_two

    past = dataset.histories
    split = last_two(past)
    ranked = np.unique(past.items) if items == "rated" else np.arange(len(dataset.items))
    return {
        "offsets": split.train.offsets,
        "items": split.train.items,
        "validation": split.validation,
        "test": split.test,
        "ranked": ranked,
    }


def python(folder: Path | None = None) -> Path:
    """The interpreter of the peers' virtual environment, which is created if it does not exist.

    By default it is the folder ``peers`` in the cache folder of data sets.
    """
    folder = folder or default_folder()
    interpreter = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if is_ready(folder):
        return interpreter
    print(f"installing the peer in {folder}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", folder])
    _run([interpreter, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"])
    (folder / "made-from").write_text(_digest())
    return interpreter


def is_ready(folder: Path | None = None) -> bool:
    """True if the environment exists, with these requirements and this version of Python."""
    marker = (folder or default_folder()) / "made-from"
    return marker.is_file() and marker.read_text() == _digest()


def default_folder() -> Path:
    from towhee_recsys.datasets.download import cache_folder

    return cache_folder() / "peers"


def _digest() -> str:
    requirements = (HERE / "requirements.txt").read_bytes()
    return hashlib.sha256(requirements + platform.python_version().encode()).hexdigest()


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run([str(part) for part in command], stdout=sys.stderr)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed; its output is above")
