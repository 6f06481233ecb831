"""Import Paddle without what it does to the process; all of the library takes `paddle` from here.

Paddle's import installs C handlers for SIGTERM and for the signals of a crash. A server has set its
own by then, and a graceful stop would end in Paddle's "FatalError" instead. So the handlers are put
back after the import, as the system had them: those of Python, of `faulthandler`, or the default.
That is done with the C function ``sigaction``, because `signal.signal` works in the main thread
only and cannot put back what C code has installed.

A SIGTERM that comes during the import is held back until its end, if the import happens in the main
thread. In another thread there is a quarter of a second in which Paddle's handler would get it. A
server that must not lose a request even then imports this module before it starts to serve.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_TAKEN = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGTERM")
"""The signals that Paddle installs a handler for."""
_ACTION_SIZE = 512
"""Bytes that hold any system's ``struct sigaction``; Linux's has 152."""


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Put the signal handlers back when the block ends."""
    if sys.platform == "win32":  # where Paddle installs none
        yield
        return
    sigaction = ctypes.CDLL(None).sigaction
    before = {}
    for name in _TAKEN:
        number = int(getattr(signal, name))
        before[number] = ctypes.create_string_buffer(_ACTION_SIZE)
        sigaction(number, None, before[number])
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        for number, action in before.items():
            sigaction(number, action, None)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def _root_logger_kept() -> Iterator[None]:
    """Paddle sets the root logger to INFO, for all libraries, unless that has a handler."""
    root, some = logging.getLogger(), logging.NullHandler()
    root.addHandler(some)
    try:
        yield
    finally:
        root.removeHandler(some)


# On AMD processors the MKL inside Paddle picks its slowest kernels unless told otherwise, at half
# the speed. It reads this when it is loaded; on other processors it means nothing.
os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")

with _signals_kept(), _root_logger_kept(), warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="No ccache found")  # nothing here compiles
    import paddle
    from paddle import nn
    from paddle.nn import functional

__all__ = ["functional", "nn", "paddle"]
