"""Measure the speed of training, and its memory as the data grows.

    python benchmarks/training.py --data ml-1m --presets fast,balanced,best
    python benchmarks/training.py --growth 1,2,4 --presets fast --epochs 0.2

The first command measures presets on a data set, by default for one epoch, and the peer if
`quality.py` has installed it. The second trains on generated data with 1, 2 and 4 times the users,
each for the same number of steps. The memory that training adds to that of the tables should not
grow.

Memory is that of the training process and its child processes, with shared pages counted once. It
is sampled five times a second. The columns are the peak while the data is read, the memory just
before training, and the peak during training.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import made
import peer
import psutil
from common import Parser, keep, names, own_process, show

MIB = 2**20


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--data", default="sample", help="as for quality.py")
    parser.add_argument("--presets", type=names, default=["fast"], help="by default fast")
    parser.add_argument("--epochs", type=float, default=1.0, help="to train for")
    parser.add_argument(
        "--growth",
        type=names,
        default=[],
        help="instead of --data: sizes of the generated data; --epochs is for the smallest",
    )
    parser.add_argument("--peer-seconds", type=float, default=180, help="0 leaves the peer out")
    args = parser.parse_args()
    runs = [(args.data, args.epochs)]
    if args.growth:
        least = min(map(float, args.growth))
        runs = [(f"made:{times}", args.epochs * least / float(times)) for times in args.growth]
    rows = [
        row(preset, *watched(train_once, data, preset, epochs))
        for data, epochs in runs
        for preset in args.presets
    ]
    if args.peer_seconds and not args.growth and peer.is_ready():
        rows.append(row(peer.NAME, *watched(peer_once, args.data, args.peer_seconds)))
    keep("training", rows, ("model", "data", "interactions"))
    columns = [name for name in rows[0] if name not in ("data", "seconds")]
    show(f"training, {args.data if not args.growth else 'made'}", columns, rows)


def row(name: str, facts: dict[str, Any], memory: list[tuple[float, int]]) -> dict[str, Any]:
    """A row of the table: the `facts`, and the memory before and after the moment ``begin``."""
    begin = facts.pop("begin")
    reading = [used for moment, used in memory if moment <= begin]
    peak = max(used for moment, used in memory if moment > begin)
    return {
        "model": name,
        **facts,
        "reading, MiB": round(max(reading) / MIB),
        "before, MiB": round(reading[-1] / MIB),
        "peak, MiB": round(peak / MIB),
        "added, MiB": round((peak - reading[-1]) / MIB),
    }


def train_once(data: str, preset_name: str, epochs: float) -> dict[str, Any]:
    """Train on `data`, and return the speed."""
    from towhee_recsys import train
    from towhee_recsys.training import preset

    dataset, meter = made.load(data), Meter()
    model, training = preset(preset_name)
    time.sleep(0.5)  # so that memory with the tables alone is sampled
    begin = time.time()
    training = training.model_copy(update={"epochs": epochs, "min_steps": 1})
    train(dataset, training, model, listener=meter)
    return {
        "begin": begin,
        "data": dataset.name,
        "interactions": len(dataset.interactions),
        "steps/s": meter.steps / meter.seconds,
        "examples/s": round(meter.examples / meter.seconds),
        "s/epoch": meter.seconds / meter.epochs,
        "seconds": time.time() - begin,
    }


def peer_once(data: str, seconds: float) -> dict[str, Any]:
    """Train the peer on `data`, and return the speed."""
    dataset = made.load(data)
    time.sleep(0.5)
    begin = time.time()
    facts = peer.sasrec(dataset, "all", seconds).facts
    return {
        "begin": begin,
        "data": dataset.name,
        "interactions": len(dataset.interactions),
        "steps/s": facts["steps_a_second"],
        "examples/s": round(facts["examples_a_second"]),
        "s/epoch": facts["seconds_an_epoch"],
        "seconds": time.time() - begin,
    }


class Meter:
    """A listener that measures the time between steps of a member, without validations."""

    def __init__(self) -> None:
        self.steps, self.examples = 0, 0
        self.seconds, self.epochs = 0.0, 0.0
        self._last: dict[int, tuple[float, float]] = {}

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        now = time.perf_counter()
        if member in self._last:
            begin, before = self._last[member]
            self.steps += 1
            self.examples += examples
            self.seconds += now - begin
            self.epochs += epoch - before
        self._last[member] = now, epoch

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        self._last.pop(member, None)

    def message(self, text: str) -> None:
        pass


def watched(call: Callable[..., dict[str, Any]], *args: Any) -> tuple[Any, Any]:
    """Call a function in a process of its own. Returns its result and its memory over time."""
    with own_process() as process, memory_of(process.submit(os.getpid).result()) as memory:
        return process.submit(call, *args).result(), memory


@contextmanager
def memory_of(pid: int) -> Iterator[list[tuple[float, int]]]:
    """Yield a list of moments and bytes of a process and its children. It grows until the block
    ends."""
    samples: list[tuple[float, int]] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            samples.append((time.time(), _used(pid)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def _used(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)  # Linux divides shared pages
    except psutil.NoSuchProcess:
        pass  # it ended in the meantime
    return total


if __name__ == "__main__":
    main()
