"""Run servers and children for the tests, and end them whatever happens."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pytest


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def missing(reason: str) -> NoReturn:
    """Skip for want of a service; fail instead where the environment says all must be there."""
    if os.environ.get("TOWHEE_RECSYS_REQUIRE_SERVICES") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return found or missing(f"{name} is not there: apt-get install {package}")


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, is_up: Callable[[], object], seconds: float, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The process of `command` once `is_up` no longer raises; its group ends with the block.

    `variables` are added to its environment.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **variables},
        )
    try:
        _wait(process, is_up, seconds, log)
        yield process
    finally:
        _end(process)


def _wait(
    process: subprocess.Popen[bytes], is_up: Callable[[], object], seconds: float, log: Path
) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            is_up()
        except Exception as exc:
            if process.poll() is not None or time.monotonic() > end:
                tail = log.read_text(errors="replace")[-2000:]
                pytest.fail(f"{process.args!r} did not come up: {exc}\n{tail}", pytrace=False)
            time.sleep(0.05)
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(60)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)


Child = multiprocessing.process.BaseProcess


def forked(work: Callable[[], object]) -> Child:
    """A child of a fork that does `work`, and ends without what an interpreter does at its end."""
    child = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    child.start()
    return child


def exit_code(child: Child) -> int | None:
    """The code with which the child ends: 0 unless its work raised; None if it hangs."""
    child.join(120)
    code = child.exitcode
    child.kill()
    child.join()
    return code
