"""Let many threads multiply matrices, each on its own core, without BLAS' own threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_before: list[int] = []
_libraries = ThreadpoolController().select(user_api="blas").lib_controllers


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Within the block, each of NumPy's products uses one core, in any thread.

    BLAS spreads a product over all cores, and its threads wait for each other in a busy loop. If
    several threads multiply small matrices at once, they spend most of their time there. The
    setting belongs to the process; the last thread to leave the block restores it.
    """
    global _inside
    with _lock:
        _inside += 1
        if _inside == 1:
            _before[:] = [library.num_threads for library in _libraries]
            _set([1] * len(_libraries))
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _set(_before)


def _set(numbers: Sequence[int]) -> None:
    for library, number in zip(_libraries, numbers, strict=True):
        # In newer versions only the first thread that changed the number may change it again.
        release = getattr(library, "clear_controlling_thread", lambda force: None)
        release(force=True)
        library.set_num_threads(number)
        release(force=True)
