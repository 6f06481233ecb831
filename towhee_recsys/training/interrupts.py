"""Hold interrupts back until a step of training is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def uninterrupted() -> Iterator[list[int]]:
    """Hold SIGINT and SIGTERM back until the block ends; then call their handlers.

    Yields the signals that came. The block may remove those that it has dealt with itself.

    Paddle turns an exception in one of our gradients into an error of its own, and half a step of
    the optimizer would leave neither the old weights nor the new ones. Signals without a handler in
    Python keep their effect.
    """
    came: list[int] = []
    # Python calls handlers in the main thread, and nowhere else can they be set.
    main = threading.current_thread() is threading.main_thread()
    numbers = _INTERRUPTS if main else ()
    handlers = {n: h for n in numbers if callable(h := signal.getsignal(n))}
    try:
        for number in handlers:
            signal.signal(number, lambda number, _: came.append(number))
        yield came
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for one in came:
        handlers.get(signal.Signals(one), signal.default_int_handler)(one, None)
