"""Many threads that multiply matrices → each on its own core, without BLAS' own threads between."""

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
    """NumPy's products within, in whatever threads, take one core each.

    BLAS spreads a product over all cores, and its threads wait for one another in a loop: where
    several threads multiply small matrices at once, or other work is done beside, most of the time
    goes there. The setting is the process's; the last to leave restores it.
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
        # Newer versions let only the first thread that asked change the number, while it lives.
        release = getattr(library, "clear_controlling_thread", lambda force: None)
        release(force=True)
        library.set_num_threads(number)
        release(force=True)
