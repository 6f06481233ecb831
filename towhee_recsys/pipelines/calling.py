"""Call a pipeline, with the library's own errors in place of Towhee's text."""

from __future__ import annotations

import re
from typing import Any

from towhee_recsys import errors
from towhee_recsys.pipelines.pipeline import Pipeline


def call(pipeline: Pipeline, value: Any) -> Any:
    """``pipeline(value).get()[0]``.

    Towhee turns an error in a node into a RuntimeError with the traceback as its text. This raises
    the error that the node raised, if it was one of `towhee_recsys.errors`.
    """
    if value is None:  # Towhee runs no node for it, and answers nothing
        raise errors.RequestError("a pipeline was given None; give it a request")
    try:
        return pipeline(value).get()[0]
    except RuntimeError as exc:
        cause = exc.__cause__ if isinstance(exc.__cause__, errors.RecsysError) else None
        failure = (cause or _original(str(exc)) or exc).with_traceback(None)
    raise failure  # here, so that it does not keep Towhee's frames, and with them the whole call


def _original(text: str) -> errors.RecsysError | None:
    """The last error of ours in a traceback's text."""
    found = re.findall(
        r"^towhee_recsys\.errors\.(\w+): (.*?)(?=\n\n|\n, Traceback|\Z)", text, re.M | re.S
    )
    if not found:
        return None
    name, message = found[-1]
    return getattr(errors, name)(message.strip())  # type: ignore[no-any-return]
