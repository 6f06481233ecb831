"""Call a pipeline, and raise the library's own errors instead of Towhee's."""

from __future__ import annotations

import re
from typing import Any

from towhee_recsys import errors
from towhee_recsys.pipelines.pipeline import Pipeline


def call(pipeline: Pipeline, value: Any) -> Any:
    """Call a pipeline with one input: ``pipeline(value).get()[0]``.

    The pipelines of this library raise its errors themselves. A pipeline that Towhee runs turns an
    error in a node into a RuntimeError with the traceback as its text; this raises the error itself
    there too.

    Raises:
        RecsysError: a node raised it.
        RuntimeError: a node raised another error.
    """
    if value is None:  # Towhee runs no node for it, and gives no answer
        raise errors.RequestError("the pipeline was called with None; call it with a request")
    try:
        return pipeline(value).get()[0]
    except (errors.RecsysError, RuntimeError) as exc:
        failure = (own_error(exc) or exc).with_traceback(None)
    raise failure  # here, so that it does not keep the frames of the whole call alive


def own_error(exc: Exception) -> errors.RecsysError | None:
    """The error of this library that `exc` is, that caused it, or that its text shows as Towhee
    writes it. None if there is none."""
    for one in (exc, exc.__cause__):
        if isinstance(one, errors.RecsysError):
            return one
    return _written(str(exc)) if isinstance(exc, RuntimeError) else None


def _written(text: str) -> errors.RecsysError | None:
    """The last error of this library in a traceback's text."""
    matches = re.findall(
        r"^towhee_recsys\.errors\.(\w+): (.*?)(?=\n\n|\n, Traceback|\Z)", text, re.M | re.S
    )
    if not matches:
        return None
    name, message = matches[-1]
    return getattr(errors, name)(message.strip())  # type: ignore[no-any-return]
