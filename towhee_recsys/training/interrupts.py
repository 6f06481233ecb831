"""Hold interrupts back until a step of training is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back until the block ends; then call their handlers.

    Paddle turns an exception in one of our gradients into an error of its own, and half a step of
    the optimizer would leave neither the old weights nor the new ones. Signals without a handler in
    Python keep their effect.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals go to the main thread
        return
    pending: dict[int, FrameType | None] = {}
    handlers = {n: h for n in _INTERRUPTS if callable(h := signal.getsignal(n))}
    try:
        for number in handlers:
            signal.signal(number, pending.setdefault)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for came, frame in pending.items():
        handlers[signal.Signals(came)](came, frame)
