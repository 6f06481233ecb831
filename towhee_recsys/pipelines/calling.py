"""A pipeline and an input → its answer, with the library's own errors in place of Towhee's text."""

from __future__ import annotations

import re
import threading
from typing import Any

from towhee_recsys import errors


def call(pipeline: Any, value: Any) -> Any:
    """``pipeline(value).get()[0]``.

    Towhee turns an error in a node into a RuntimeError with the traceback as its text. This raises
    the error that the node raised, if it was one of `towhee_recsys.errors`.
    """
    if value is None:  # Towhee runs no node for it, and answers nothing
        raise errors.RequestError("a pipeline was given None; give it something to answer")
    try:
        return pipeline(value).get()[0]
    except RuntimeError as exc:
        cause = exc.__cause__ if isinstance(exc.__cause__, errors.RecsysError) else None
        failure = (cause or _original(str(exc)) or exc).with_traceback(None)
    raise failure  # here, so that it does not keep Towhee's frames, and with them the whole call


def unblocked(pipeline: Any) -> Any:
    """The pipeline, made safe to garbage collect.

    A failed call's nodes are collected late, with the exception that refers to them, and give their
    operators back then. If that happens in a thread that is just taking an operator, it waits for
    the pool's lock, which it holds itself, for ever; unless it may take the lock twice.
    """
    pipeline._operator_pool._lock = threading.RLock()
    return pipeline


def _original(text: str) -> errors.RecsysError | None:
    """The last error of ours in a traceback's text."""
    found = re.findall(
        r"^towhee_recsys\.errors\.(\w+): (.*?)(?=\n\n|\n, Traceback|\Z)", text, re.M | re.S
    )
    if not found:
        return None
    name, message = found[-1]
    return getattr(errors, name)(message.strip())  # type: ignore[no-any-return]
