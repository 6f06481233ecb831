"""A data set → the ranks of a peer, which is installed and run in an environment of its own."""

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
class Answer:
    """What a peer was able to do."""

    validation: NDArray[np.int64]
    """The rank of each target, from 1, of all users who are asked, in their order."""
    test: NDArray[np.int64]
    facts: dict[str, Any]
    """How fast it went and how it validated, ``numbers`` in a vector, ``versions``."""


def sasrec(dataset: Any, items: str, seconds: float, folder: Path | None = None) -> Answer:
    """RecTools' SASRec, trained for so many seconds on what our models are trained on.

    Args:
        dataset: a `towhee_recsys.Dataset`.
        items: rank ``all`` items or those ``rated``, as for `evaluate`.
        seconds: of training; reading the data and ranking come on top.
        folder: for its environment; see `python`.
    """
    interpreter = python(folder)
    with tempfile.TemporaryDirectory() as scratch:
        np.savez(Path(scratch, "task.npz"), **task(dataset, items))
        _run([interpreter, HERE / "sasrec.py", scratch, "--seconds", str(seconds)])
        return Answer(
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
    """The interpreter of the peers' environment, which is made unless it is there.

    By default it lies in ``peers`` within the folder where data sets are cached.
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
    """Is the environment there, of these requirements and this Python?"""
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
