"""NumPy's products use one core each within the block, and as before afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

from towhee_recsys.model.blas import one_thread_each


def numbers() -> set[int]:
    controller = ThreadpoolController().select(user_api="blas")
    return {library.num_threads for library in controller.lib_controllers}


def test_setting_is_restored_by_the_last_thread() -> None:
    before, meeting = numbers(), threading.Barrier(4)

    def work(number: int) -> set[int]:
        with one_thread_each():
            meeting.wait(60)
            inside = numbers()
            if number:  # the others leave one by one
                meeting.wait(60)
        if not number:
            meeting.wait(60)
        return inside

    with one_thread_each():  # this thread is the first to ask
        pass
    for _ in range(5):
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(work, range(4))) == [before and {1}] * 4
        assert numbers() == before


def test_setting_is_restored_after_an_error() -> None:
    before = numbers()
    try:
        with one_thread_each():
            raise KeyError
    except KeyError:
        pass
    assert numbers() == before
