"""Importing Paddle leaves the signal handlers of the process as they were."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Paddle takes no signals there")

SERVER = """
import faulthandler, importlib, os, signal, sys, threading, time

faulthandler.enable()
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
signal.signal(signal.SIGTERM, lambda *_: (print("stopped", flush=True), sys.exit(0)))
where, number = sys.argv[1], int(sys.argv[2])
load = lambda: importlib.import_module("towhee_recsys.model.backend")
if where == "thread":
    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
else:
    load()
assert "paddle" in sys.modules
os.kill(os.getpid(), number)
time.sleep(30)
"""


def _server(where: str, number: int) -> subprocess.CompletedProcess[str]:
    """A process that handles SIGTERM, imports Paddle and then gets a signal."""
    command = [sys.executable, "-W", "ignore", "-c", SERVER, where, str(int(number))]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_handler_of_sigterm_stays(where: str) -> None:
    done = _server(where, signal.SIGTERM)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
    assert "FatalError" not in done.stderr


@pytest.mark.parametrize("where", ["main", "thread"])
def test_sigint_still_interrupts(where: str) -> None:
    done = _server(where, signal.SIGINT)
    assert done.returncode != 0
    assert done.stderr.strip().endswith("KeyboardInterrupt")


def test_a_crash_is_still_told_by_faulthandler() -> None:
    done = _server("main", signal.SIGSEGV)
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr
    assert "FatalError" not in done.stderr


DEFAULT = """
import os, signal, time
import towhee_recsys.model.backend
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
"""


def test_without_a_handler_sigterm_ends_the_process() -> None:
    command = [sys.executable, "-W", "ignore", "-c", DEFAULT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGTERM
    assert "FatalError" not in done.stderr


DURING = """
import importlib.abc, os, signal, sys

class Terminator(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "paddle.vision":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, lambda *_: (print("stopped", flush=True), os._exit(0)))
sys.meta_path.insert(0, Terminator())
import towhee_recsys.model.backend
"""


def test_sigterm_during_the_import_is_handled_after_it() -> None:
    command = [sys.executable, "-W", "ignore", "-c", DURING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr


KEPT = """
import logging, warnings

def state():
    root = logging.getLogger()
    return list(warnings.filters), root.level, list(root.handlers), warnings.showwarning

before = state()
import towhee_recsys.cli, towhee_recsys.model.backend
assert state() == before
"""


def test_warnings_and_logging_stay_as_they_were() -> None:
    subprocess.run([sys.executable, "-c", KEPT], check=True, timeout=120)
