"""Settings of the process that a command runs in; a library must not make them."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import warnings
from types import FrameType

_TALKATIVE = (
    "faiss", "grpc", "matplotlib", "milvus_lite", "paddle", "pymilvus", "sklearn", "towhee",
)  # fmt: skip
"""Packages whose warnings are for developers, not for users of a command."""

SIGTERM_EXIT = 128 + signal.SIGTERM
SIGPIPE_EXIT = 128 + 13
"""What a shell reports of a program that such a signal ended."""


class Terminated(KeyboardInterrupt):
    """SIGTERM. It ends a command as Ctrl-C does: training keeps the best model so far."""


def configure() -> None:
    """Prepare this process for one command.

    - Other packages' warnings are not shown, unless Python was started with ``-W`` or
      ``PYTHONWARNINGS``.
    - The root logger gets a handler that does nothing. Without one, Towhee and Paddle set it up for
      all packages when they are imported.
    - SIGTERM raises `Terminated`, so that temporary files, child processes and the embedded store
      are cleaned up.
    """
    if not sys.warnoptions:
        for package in _TALKATIVE:
            warnings.filterwarnings("ignore", module=rf"{package}(\.|$)")
    logging.getLogger().addHandler(logging.NullHandler())
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def silence_stdout() -> None:
    """Drop what is still to be written to stdout, whose reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def started() -> float:
    """When this process began, on the clock of `time.monotonic`, imports included."""
    ticks = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0
    try:
        with open("/proc/self/stat") as stat:
            began = int(stat.read().rpartition(")")[2].split()[19]) / ticks
        return min(time.monotonic(), began)
    except (OSError, ValueError, ZeroDivisionError):
        return time.monotonic()
