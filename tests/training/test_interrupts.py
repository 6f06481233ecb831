"""A block is not interrupted; afterwards the signals take their effect."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from towhee_recsys.training.interrupts import uninterrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Stop(BaseException):
    """What the handler of SIGTERM raises."""


@pytest.fixture
def sigterm_stops() -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("sigterm_stops")
@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Stop)]
)
def test_a_signal_takes_effect_after_the_block(
    number: signal.Signals, raised: type[BaseException]
) -> None:
    done = False
    with pytest.raises(raised), uninterrupted() as came:  # noqa: PT012
        os.kill(os.getpid(), number)
        assert came == [number]
        done = True
    assert done


def test_a_signal_that_the_block_dealt_with_has_no_effect() -> None:
    with uninterrupted() as came:
        os.kill(os.getpid(), signal.SIGINT)
        came.clear()


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does in the background
    try:
        with uninterrupted() as came:
            os.kill(os.getpid(), signal.SIGINT)
        assert came == []
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_handle_no_signals() -> None:
    ended = []

    def work() -> None:
        with uninterrupted():
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended
