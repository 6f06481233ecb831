"""Whatever a pipeline was called with → a list of checked requests."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from towhee_recsys.errors import RequestError
from towhee_recsys.types import ITEM_ID, USER_ID, Request, SimilarRequest

MAX_BATCH = 10_000
"""Requests in one call at most."""
MAX_IDS = 100_000
"""Ids in one list of a request at most."""

Subject = Literal["user_id", "item_id"]
"""What a bare id in place of a request stands for."""

_SHAPES: dict[str, TypeAdapter[Any]] = {
    USER_ID: TypeAdapter(Request),
    ITEM_ID: TypeAdapter(SimilarRequest),
}
_FIELDS = {USER_ID: Request.__annotations__, ITEM_ID: SimilarRequest.__annotations__}


def parse_requests(raw: Any, subject: Subject) -> list[dict[str, Any]]:
    """An id, a request, or a list of these → a list of requests.

    Raises:
        RequestError: naming the request's position, the field, its value and what is allowed.
    """
    if not is_batch(raw):
        return [_parse(raw, subject, "the request")]
    if len(raw) > MAX_BATCH:
        raise RequestError(f"{len(raw):,} requests in one call; send at most {MAX_BATCH:,} at once")
    return [_parse(one, subject, f"request {i}") for i, one in enumerate(raw)]


def is_batch(raw: Any) -> bool:
    """Does this call ask for a list of answers?"""
    return isinstance(raw, (list, tuple, np.ndarray))


def _parse(raw: Any, subject: Subject, name: str) -> dict[str, Any]:
    if isinstance(raw, Mapping):
        fields = {key: _plain(value) for key, value in raw.items()}
    else:
        fields = {subject: _plain(raw)}
    for key, value in fields.items():
        if isinstance(value, list) and len(value) > MAX_IDS:
            raise RequestError(f"{name}: {key} has {len(value):,} ids; send at most {MAX_IDS:,}")
    try:
        request: dict[str, Any] = _SHAPES[subject].validate_python(
            fields, strict=True, extra="forbid"
        )
    except ValidationError as exc:
        raise RequestError(f"{name}: {_explain(exc, subject)}") from exc
    return request


def _plain(value: Any) -> Any:
    """numpy's scalars and arrays as Python's own."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _explain(exc: ValidationError, subject: Subject) -> str:
    error = exc.errors(include_url=False)[0]
    field = str(error["loc"][0]) if error["loc"] else subject
    known = list(_FIELDS[subject])
    if error["type"] == "extra_forbidden":
        close = get_close_matches(field, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
        return f"unknown field '{field}'; {hint}"
    value = repr(error["input"])
    if field.endswith("_id"):
        return f"{field} is {value[:60]}; give an integer or text"
    return f"{field} is {value[:60]}: {error['msg'][:1].lower()}{error['msg'][1:]}"
