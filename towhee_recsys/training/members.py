"""Train all members of a model at once, each in a process of its own.

A process is ``python -m towhee_recsys.training.members JOB MEMBER``. `JOB` is a folder that
`train_in_processes` prepared. The process reports in lines of JSON on stdout, and writes its member
to a file.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, TextIO, TypeAlias

from safetensors.numpy import load_file, save_file

from towhee_recsys.errors import RecsysError, TrainingError
from towhee_recsys.model import ModelConfig
from towhee_recsys.training.config import TrainingConfig
from towhee_recsys.training.interrupts import uninterrupted
from towhee_recsys.training.listener import Listener
from towhee_recsys.training.trainer import Fit, Trainer
from towhee_recsys.training.training_data import TrainingData

Events: TypeAlias = "queue.Queue[dict[str, Any]]"

_ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Job:
    """The data and settings that all members of a model share."""

    data: TrainingData
    config: TrainingConfig
    model: ModelConfig
    checkpoint: Path | None
    """A folder with a folder for each member."""
    resume: bool
    deadline: float | None
    """See `Trainer`."""

    @property
    def checkpoints(self) -> list[Path]:
        """The members' folders; empty if no checkpoints are kept."""
        if self.checkpoint is None:
            return []
        return [self.checkpoint / str(member) for member in range(self.model.members)]

    def trainer(self, member: int, listener: Listener) -> Trainer:
        """The training run of one member."""
        return Trainer(
            self.data,
            self.config,
            self.model,
            member,
            checkpoint=self.checkpoints[member] if self.checkpoint else None,
            listener=listener,
            deadline=self.deadline,
        )


def train_in_processes(job: Job, listener: Listener) -> list[Fit]:
    """Train all members at once, each in a process with one core.

    An interrupt is passed on, and each member then ends with its best weights so far. A second one
    ends them.

    Raises:
        TrainingError: a member's training failed.
    """
    with TemporaryDirectory(prefix="towhee_recsys-") as folder:
        _write(job, Path(folder))
        workers: list[_Worker] = []
        with uninterrupted() as interrupts:
            try:
                for member in range(job.model.members):
                    workers.append(_Worker(Path(folder), member))
                _listen(workers, listener, interrupts)
            finally:
                for worker in workers:
                    worker.end()
        return [_read_fit(Path(folder), member) for member in range(job.model.members)]


class _Worker:
    """The process of one member."""

    def __init__(self, folder: Path, member: int) -> None:
        self.member = member
        self.log = folder / f"{member}.log"
        paths = os.pathsep.join(filter(None, sys.path))
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", __name__, str(folder), str(member)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **_ONE_CORE, "PYTHONPATH": paths},
                start_new_session=True,  # it gets an interrupt from us alone, once
            )

    def follow(self, events: Events) -> None:
        """Put its reports into `events` until it ends."""

        def read() -> None:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                events.put(json.loads(line))
            self.process.wait()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()

    def interrupt(self) -> None:
        self.process.terminate()  # SIGINT is ignored by what was started in the background

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def failure(self) -> str:
        said = self.log.read_text(errors="replace").strip().splitlines()
        return said[-1] if said else f"exit code {self.process.returncode}"


def _listen(workers: Sequence[_Worker], listener: Listener, interrupts: list[int]) -> None:
    """Pass the workers' reports on until all have ended.

    The first of `interrupts` is removed and passed on to the workers. One that is left at the end
    takes its effect then.
    """
    events: Events = queue.Queue()
    for worker in workers:
        worker.follow(events)
    first: int | None = None
    failed: list[_Worker] = []
    while any(worker.reader.is_alive() for worker in workers) or not events.empty():
        failed = [worker for worker in workers if worker.process.poll()]
        if failed or (interrupts and first is not None):
            break
        if interrupts:
            first = interrupts.pop(0)
            for worker in workers:
                worker.interrupt()
        try:
            # With a timeout: a worker may end, or an interrupt come, without a last report.
            _pass_on(events.get(timeout=0.2), listener)
        except queue.Empty:
            pass
        except KeyboardInterrupt:  # by the listener
            interrupts.append(signal.SIGINT)
    failed = failed or [worker for worker in workers if worker.process.poll()]
    if failed and first is not None:
        interrupts.append(first)  # it had no weights to keep yet
    elif failed:
        member, why = failed[0].member, failed[0].failure()
        raise TrainingError(f"training of member {member} ended: {why}")


def _pass_on(event: dict[str, Any], listener: Listener) -> None:
    if "error" in event:
        raise TrainingError(event["error"])
    getattr(listener, event["call"])(*event["with"])


class _Teller:
    """A `Listener` that tells the parent process."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def step(self, member: int, fraction: float, epoch: float, loss: float, examples: int) -> None:
        self.tell({"call": "step", "with": [member, fraction, epoch, loss, examples]})

    def validation(self, member: int, metrics: dict[str, float], best: bool) -> None:
        self.tell({"call": "validation", "with": [member, metrics, best]})

    def message(self, text: str) -> None:
        self.tell({"call": "message", "with": [text]})

    def tell(self, event: dict[str, Any]) -> None:
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()


def _write(job: Job, folder: Path) -> None:
    job.data.save(folder)
    settings = {
        "config": job.config.model_dump(mode="json"),
        "model": job.model.model_dump(mode="json"),
        "checkpoint": job.checkpoint and str(job.checkpoint.absolute()),
        "resume": job.resume,
        "deadline": job.deadline,
    }
    (folder / "job.json").write_text(json.dumps(settings))


def _read(folder: Path) -> Job:
    settings = json.loads((folder / "job.json").read_text())
    return Job(
        data=TrainingData.load(folder),
        config=TrainingConfig(**settings["config"]),
        model=ModelConfig(**settings["model"]),
        checkpoint=settings["checkpoint"] and Path(settings["checkpoint"]),
        resume=settings["resume"],
        deadline=settings["deadline"],
    )


def _write_fit(fit: Fit, folder: Path, member: int) -> None:
    save_file(dict(fit.weights), folder / f"{member}.safetensors")
    facts = {field.name: getattr(fit, field.name) for field in fields(fit)}
    del facts["weights"]
    (folder / f"{member}.json").write_text(json.dumps(facts))


def _read_fit(folder: Path, member: int) -> Fit:
    facts = json.loads((folder / f"{member}.json").read_text())
    return Fit(weights=load_file(folder / f"{member}.safetensors"), **facts)


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    # A service manager ends a group of processes, and then the parent says it too.
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(folder: Path, member: int) -> None:
    """Train one member; report an error of the library as an event.

    On SIGTERM the best weights so far are kept.
    """
    signal.signal(signal.SIGTERM, _interrupt_once)
    teller = _Teller(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)  # so that whatever else is printed is no event
    try:
        job = _read(folder)
        fit = job.trainer(member, teller).run(job.resume)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is done
        _write_fit(fit, folder, member)
    except RecsysError as exc:
        teller.tell({"error": str(exc)})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
