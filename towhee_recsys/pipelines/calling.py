"""Call a pipeline, and raise the library's own errors instead of Towhee's."""

from __future__ import annotations

import re
from typing import Any

from towhee_recsys import errors
from towhee_recsys.pipelines.pipeline import Pipeline


def call(pipeline: Pipeline, value: Any) -> Any:
    """Call a pipeline with one input: ``pipeline(value).get()[0]``.

    Raises:
        RecsysError: a node raised it. Towhee turns an error in a node into a RuntimeError with the
            traceback as its text; this raises the error itself.
        RuntimeError: a node raised another error.
    """
    if value is None:  # Towhee runs no node for it, and gives no answer
        raise errors.RequestError("the pipeline was called with None; call it with a request")
    try:
        return pipeline(value).get()[0]
    except RuntimeError as exc:
        cause = exc.__cause__ if isinstance(exc.__cause__, errors.RecsysError) else None
        failure = (cause or _original(str(exc)) or exc).with_traceback(None)
    raise failure  # here, so that it does not keep the frames of the whole call alive


def _original(text: str) -> errors.RecsysError | None:
    """The last error of this library in a traceback's text."""
    matches = re.findall(
        r"^towhee_recsys\.errors\.(\w+): (.*?)(?=\n\n|\n, Traceback|\Z)", text, re.M | re.S
    )
    if not matches:
        return None
    name, message = matches[-1]
    return getattr(errors, name)(message.strip())  # type: ignore[no-any-return]
