"""What the benchmarks share: timing in turns, tables, and a record of versions and machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("towhee_recsys", "towhee", "paddlepaddle", "pymilvus", "milvus-lite", "redis", "numpy")


class Parser(argparse.ArgumentParser):
    """Options of a script, whose docstring is its help."""

    def __init__(self, doc: str) -> None:
        super().__init__(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def in_turns(calls: Mapping[str, Callable[[int], Any]], rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds of each call in each round, one after the other, so that all see the same
    machine; each is given the round's number. Three rounds before are not counted."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(-3, rounds):
        for name, call in calls.items():
            begin = time.perf_counter()
            call(i % rounds)
            if i >= 0:
                times[name].append((time.perf_counter() - begin) * 1e3)
    return {name: np.array(values) for name, values in times.items()}


def machine() -> dict[str, Any]:
    """Processor, cores, Python, and the versions of what was measured."""
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


def report(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], **more: Any) -> None:
    """Print a table, and keep it with the machine as ``benchmarks/results/NAME.json``."""
    table = Table(title=name, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    console = Console(width=120)
    console.print(table)
    console.print(json.dumps(machine()), highlight=False, soft_wrap=True)
    RESULTS.mkdir(exist_ok=True)
    document = {
        "machine": machine(),
        **more,
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4f}" if value < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
