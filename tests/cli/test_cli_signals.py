"""A command that is interrupted or terminated ends in order and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import psutil
import pytest
from fixtures.commands import start

from towhee_recsys import Bundle

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

MANY_EPOCHS = ["train", "--data", "sample", "--epochs", "500", "--no-report"]
PROCESSES = """
from towhee_recsys.training import fitting
fitting._WORTH_A_PROCESS = 0
from towhee_recsys.cli import main
main()
"""
"""The command line, of which training takes a process for each member, however small the data."""


def _wait_for(stream: IO[str] | None, text: str) -> None:
    """Read lines until one has the text."""
    assert stream is not None
    said = []
    for line in stream:
        said.append(line)
        if text in line:
            return
    pytest.fail(f"{text!r} was not said: {''.join(said)}")


def _ended(process: subprocess.Popen[str], children: list[psutil.Process]) -> tuple[str, str]:
    """What it still says; neither it nor a child is left."""
    stdout, stderr = process.communicate(timeout=60)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    return stdout, stderr


def _training(home: Path, temporary: Path, in_processes: bool) -> subprocess.Popen[str]:
    """A `train` of many epochs that has validated once."""
    environment = {"TMPDIR": str(temporary), "COLUMNS": "200"}
    if in_processes:
        process = start(home, *MANY_EPOCHS, program=["-c", PROCESSES], **environment)
    else:
        process = start(home, *MANY_EPOCHS, **environment)
    _wait_for(process.stderr, "(best so far)")
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize("in_processes", [False, True], ids=["one process", "processes"])
def test_train_keeps_the_best_so_far(
    number: signal.Signals, in_processes: bool, tmp_path: Path
) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    temporary.mkdir()
    process = _training(home, temporary, in_processes)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == (2 if in_processes else 0)
    assert bool(list(temporary.glob("towhee_recsys-*"))) is in_processes
    process.send_signal(number)
    stdout, stderr = _ended(process, children)
    assert process.returncode == 0, stderr
    assert "Traceback" not in stderr
    bundle = Bundle.load(home / "bundle")
    assert bundle.metadata.interrupted
    assert 0 < bundle.metadata.epochs < 500
    assert bundle.fingerprint in stdout
    assert list(temporary.glob("towhee_recsys-*")) == []


def test_a_service_manager_terminates_all_processes_at_once(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    temporary.mkdir()
    process = _training(home, temporary, in_processes=True)
    children = psutil.Process(process.pid).children(recursive=True)
    for one in (*children, process):
        one.send_signal(signal.SIGTERM)
    _, stderr = _ended(process, children)
    assert process.returncode == 0, stderr
    assert Bundle.load(home / "bundle").metadata.interrupted
    assert list(temporary.glob("towhee_recsys-*")) == []


def test_a_second_sigterm_ends_training_at_once(tmp_path: Path) -> None:
    process = _training(tmp_path / "home", tmp_path, in_processes=True)
    children = psutil.Process(process.pid).children(recursive=True)
    for child in children:
        child.suspend()  # it cannot keep anything
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, stderr = _ended(process, children)
    assert process.returncode != 0
    assert "Traceback" not in stderr
    assert list(tmp_path.glob("towhee_recsys-*")) == []


def test_doctor_into_a_pipe_that_closes(ingested: Path) -> None:
    process = start(ingested, "doctor")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("ok   python")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) in (0, 141)
