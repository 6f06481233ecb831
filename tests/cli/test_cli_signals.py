"""A command that is interrupted or terminated ends in order and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import psutil
import pytest
from fixtures.commands import PROGRAM, run, start

from towhee_recsys import Bundle

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]

PROCESSES = """
from towhee_recsys.training import fitting
fitting.WORTH_A_PROCESS = 0
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


def _ended(process: subprocess.Popen[str], children: list[psutil.Process], folder: Path) -> str:
    """What it still says on stderr. No process is left, and no file in its temporary folder."""
    _, stderr = process.communicate(timeout=120)
    _, alive = psutil.wait_procs(children, timeout=60)
    for child in alive:
        child.kill()
    assert not alive
    assert list((folder / "tmp").glob("towhee_recsys-*")) == []
    assert "Traceback" not in stderr
    return stderr


def _training(
    folder: Path, in_processes: bool
) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """A `train` of many epochs that has validated once, and its children."""
    (folder / "tmp").mkdir()
    process = start(
        folder / "home",
        *("train", "--data", "sample", "--epochs", "500", "--no-report"),
        program=["-c", PROCESSES] if in_processes else PROGRAM,
        TMPDIR=str(folder / "tmp"),
        COLUMNS="200",
    )
    _wait_for(process.stderr, "  best")
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == (2 if in_processes else 0)
    assert bool(list((folder / "tmp").glob("towhee_recsys-*"))) is in_processes
    return process, children


@pytest.mark.parametrize(
    ("number", "in_processes"),
    [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)],
    ids=["ctrl-c", "sigterm", "sigterm, processes"],
)
def test_train_keeps_the_best_so_far(
    number: signal.Signals, in_processes: bool, tmp_path: Path
) -> None:
    process, children = _training(tmp_path, in_processes)
    process.send_signal(number)
    _ended(process, children, tmp_path)
    _check_kept(process, tmp_path)


def test_a_service_manager_terminates_all_processes_at_once(tmp_path: Path) -> None:
    process, children = _training(tmp_path, in_processes=True)
    for one in (*children, process):
        one.send_signal(signal.SIGTERM)
    _ended(process, children, tmp_path)
    _check_kept(process, tmp_path)


def test_a_second_interrupt_ends_training_at_once(tmp_path: Path) -> None:
    process, children = _training(tmp_path, in_processes=True)
    for child in children:
        child.suspend()  # so that it cannot end in order
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    said = _ended(process, children, tmp_path)
    assert said.splitlines()[-1] in ("Terminated.", "Interrupted.")
    assert process.returncode in (143, 1)
    assert not (tmp_path / "home" / "bundle").exists()


def _check_kept(process: subprocess.Popen[str], folder: Path) -> None:
    """The command is done, and the model of an interrupted training is there."""
    assert process.returncode == 0
    bundle = Bundle.load(folder / "home" / "bundle")
    assert bundle.metadata.interrupted
    assert 0 < bundle.metadata.epochs < 500


@pytest.mark.parametrize("words", [["doctor"], ["recommend", "42"], ["recommend", "42", "--json"]])
def test_a_reader_that_leaves_is_no_failure(ingested: Path, words: list[str]) -> None:
    """As in ``towhee-recsys doctor | head -1``."""
    process = start(ingested, *words)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stderr:
        assert stderr.read() == ""
    assert process.wait(120) == 141  # as a shell reports SIGPIPE


SLOW_STORE = """
import sys, time
from towhee_recsys.cli import main
from towhee_recsys.stores.vectors.milvus import MilvusStore

write = MilvusStore.write

def told(self, *args, **kwargs):
    write(self, *args, **kwargs)
    print("written", file=sys.stderr, flush=True)
    time.sleep(60)

MilvusStore.write = told
main()
"""
"""The command line, with an index that takes its time over a batch."""


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGINT, 1, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")],
    ids=["ctrl-c", "sigterm"],
)
def test_an_interrupted_ingest_ends_and_the_next_one_works(
    number: signal.Signals, code: int, says: str, trained: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(trained, tmp_path / "home"))
    process = start(home, "ingest", "--data", "sample", program=["-c", SLOW_STORE])
    _wait_for(process.stderr, "written")
    children = psutil.Process(process.pid).children(recursive=True)
    assert children  # the embedded store's server
    (tmp_path / "tmp").mkdir()
    process.send_signal(number)
    said = _ended(process, children, tmp_path)
    assert (process.returncode, said.splitlines()[-1]) == (code, says)
    assert "300 items, 400 users" in run(home, "ingest", "--data", "sample").stdout
    assert "belong together" in run(home, "doctor").stdout
