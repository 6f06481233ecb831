"""Helpers of the benchmarks: timing, tables, and records of versions and machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("towhee_recsys", "towhee", "paddlepaddle", "pymilvus", "milvus-lite", "redis", "numpy")


class Parser(argparse.ArgumentParser):
    """A parser whose help is the script's docstring."""

    def __init__(self, doc: str) -> None:
        super().__init__(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def own_process(cores: int | None = None) -> ProcessPoolExecutor:
    """A pool of one fresh Python process, limited to `cores` if given."""
    return ProcessPoolExecutor(1, get_context("spawn"), initializer=_use, initargs=(cores,))


_kept: list[Any] = []
"""What must live as long as the process."""


def _use(cores: int | None) -> None:
    if not cores:
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    # NumPy's threads exist already, and keep their cores.
    _kept.append(threadpool_limits(cores))


def in_turns(calls: Mapping[str, Callable[[int], Any]], rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds of each call in each round.

    The calls take turns, so that all see the same state of the machine. The order changes from
    round to round, because each call leaves its caches to the next. Each call gets the number of
    the round. Three rounds before the first are not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    orders = list(permutations(calls))
    for i in range(-3, rounds):
        for name in orders[i % len(orders)]:
            begin = time.perf_counter()
            calls[name](i % rounds)
            if i >= 0:
                times[name].append((time.perf_counter() - begin) * 1e3)
    return {name: np.array(values) for name, values in times.items()}


def trained(
    dataset: Any,
    name: str,
    *,
    epochs: float | None = None,
    seed: int = 0,
    started: float | None = None,
) -> Any:
    """Train a preset, with progress on stderr. `epochs` replaces the preset's."""
    from towhee_recsys import train
    from towhee_recsys.progress import TrainingBar
    from towhee_recsys.training import preset

    model, training = preset(name)
    changes = {"seed": seed} | ({"epochs": epochs, "min_steps": 1} if epochs else {})
    with TrainingBar(members=model.members) as bar:
        bar.message(f"{dataset.name}, preset {name}")
        training = training.model_copy(update=changes)
        return train(dataset, training, model, listener=bar, started=started)


def trial(name: str, epochs: float | None, seed: int = 0) -> str:
    """The name of a row: the preset, and the settings that differ from it."""
    changed = [f"{epochs:g} epochs"] if epochs else []
    return ", ".join([name, *changed, *([f"seed {seed}"] if seed else [])])


def machine() -> dict[str, Any]:
    """Processor, cores, and the versions of Python and the measured packages."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((s.split(": ")[1] for s in lines if s.startswith("model name")), processor)
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def when() -> dict[str, str]:
    """The date and, in a git checkout, the commit. A ``+`` marks uncommitted changes."""
    date = {"date": datetime.now(timezone.utc).date().isoformat()}
    describe = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(
            describe, cwd=RESULTS.parent, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return date
    return {**date, "commit": done.stdout.strip()}


def report(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], **more: Any) -> None:
    """Print a table, and save it with date and machine as ``benchmarks/results/NAME.json``."""
    dicts = [dict(zip(columns, row, strict=True)) for row in rows]
    show(name, columns, dicts)
    _write(name, {"command": command(), **when(), "machine": machine(), **more, "rows": dicts})


def keep(name: str, rows: Sequence[dict[str, Any]], key: Sequence[str]) -> list[dict[str, Any]]:
    """Save rows in ``benchmarks/results/NAME.json``. A row replaces the one with the same `key`.

    Other rows stay, so that long runs can be done one by one. Each row therefore has its own
    command and machine. Returns all rows.
    """
    kept = {tuple(row[column] for column in key): row for row in recorded(name)}
    for row in rows:
        facts = {"command": command(), **when(), "machine": machine()}
        kept[tuple(row[column] for column in key)] = {**row, **facts}
    _write(name, {"rows": list(kept.values())})
    return list(kept.values())


def recorded(name: str) -> list[dict[str, Any]]:
    """The rows saved under this name; an empty list if there are none yet."""
    path = RESULTS / f"{name}.json"
    return list(json.loads(path.read_text())["rows"]) if path.exists() else []


def show(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table, and a line about the machine."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*(_text(row.get(column, "")) for column in columns))
    console = Console(width=120)
    console.print(table)
    console.print(json.dumps(machine()), highlight=False, soft_wrap=True)


def command() -> str:
    """The command line, without the folders of this machine."""
    called = ["python", f"benchmarks/{Path(sys.argv[0]).name}"]
    return shlex.join([*called, *(Path(arg).name if "/" in arg else arg for arg in sys.argv[1:])])


def names(text: str) -> list[str]:
    """Split ``a,b``. An empty text gives no names. This is the type of an option."""
    return [name for name in text.split(",") if name]


def _write(name: str, document: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "–".join(f"{part:.3f}" for part in value)
    if isinstance(value, float):
        return f"{value:,.4f}" if value < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
