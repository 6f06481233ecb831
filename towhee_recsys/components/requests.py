"""Whatever a pipeline was called with → a list of checked requests."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from towhee_recsys.errors import RequestError
from towhee_recsys.text import shown
from towhee_recsys.types import (
    ITEM_ID,
    MAX_BATCH,
    MAX_HISTORY,
    MAX_ID_LENGTH,
    USER_ID,
    Request,
    SimilarRequest,
)

Subject = Literal["user_id", "item_id"]
"""What a bare id in place of a request stands for."""

_SHAPES: dict[str, TypeAdapter[Any]] = {
    USER_ID: TypeAdapter(Request),
    ITEM_ID: TypeAdapter(SimilarRequest),
}
_FIELDS = {USER_ID: Request.__annotations__, ITEM_ID: SimilarRequest.__annotations__}
_KINDS = {"int": "an integer of 64 bits", "str": f"text of 1 to {MAX_ID_LENGTH} characters"}
_IDS = {USER_ID: USER_ID, ITEM_ID: ITEM_ID, "history": ITEM_ID, "exclude": ITEM_ID}


def parse_requests(raw: Any, subject: Subject, id_types: Mapping[str, str]) -> list[dict[str, Any]]:
    """An id, a request, or a list of these → a list of requests.

    Args:
        raw: as described.
        subject: what a bare id stands for.
        id_types: ``int`` or ``str`` for ``user_id`` and ``item_id``: what the model's ids are.

    Raises:
        RequestError: naming the request's position, the field, its value and what is allowed.
    """
    if not is_batch(raw):
        return [_parse(raw, subject, id_types, "the request")]
    if len(raw) > MAX_BATCH:
        raise RequestError(f"{len(raw):,} requests in one call; send at most {MAX_BATCH:,} at once")
    return [_parse(one, subject, id_types, f"request {i}") for i, one in enumerate(raw)]


def is_batch(raw: Any) -> bool:
    """Does this call ask for a list of answers?"""
    return isinstance(raw, (list, tuple)) or (isinstance(raw, np.ndarray) and raw.ndim > 0)


def _parse(raw: Any, subject: Subject, id_types: Mapping[str, str], name: str) -> dict[str, Any]:
    if isinstance(raw, Mapping):
        fields = {key: _plain(value) for key, value in raw.items()}
    else:
        fields = {subject: _plain(raw)}
    for key, value in fields.items():
        if isinstance(value, list) and len(value) > MAX_HISTORY:
            raise RequestError(
                f"{name}: {key} has {len(value):,} ids; send at most {MAX_HISTORY:,}"
            )
        if key in ("history", "exclude") and isinstance(value, list):
            _check_kinds(value, key, name)  # pydantic would write an error or two for each
    try:
        request: dict[str, Any] = _SHAPES[subject].validate_python(
            fields, strict=True, extra="forbid"
        )
    except ValidationError as exc:
        raise RequestError(f"{name}: {_explain(exc, subject)}") from exc
    for field, column in _IDS.items():
        given, kind = request.get(field), id_types[column]
        for one in given if isinstance(given, list) else [given]:
            if one is not None and not _is_id(one, kind):
                raise RequestError(
                    f"{name}: {field} has {shown(one)}; the data's {column} is {_KINDS[kind]}"
                )
    return request


def _check_kinds(ids: list[Any], key: str, name: str) -> None:
    for one in ids if set(map(type, ids)) - {int, str} else ():
        if type(one) not in (int, str):
            raise RequestError(f"{name}: {key} is {shown(one)}; give a list of integers or texts")


def _is_id(value: int | str, kind: str) -> bool:
    """May an id of this kind have this value, whether or not there is such an item or user?"""
    if isinstance(value, int):
        return kind == "int" and -(2**63) <= value < 2**63
    if kind != "str" or not 0 < len(value) <= MAX_ID_LENGTH:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _plain(value: Any, depth: int = 1) -> Any:
    """numpy's scalars and arrays as Python's own, also those in a list, or in a record."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, dict) and depth:
        return {key: _plain(one, depth - 1) for key, one in value.items()}
    if isinstance(value, list) and any(isinstance(one, np.generic) for one in value):
        return [one.item() if isinstance(one, np.generic) else one for one in value]
    return value


def _explain(exc: ValidationError, subject: Subject) -> str:
    error = exc.errors(include_url=False)[0]
    field = str(error["loc"][0]) if error["loc"] else subject
    known = list(_FIELDS[subject])
    if error["type"] == "extra_forbidden":
        close = get_close_matches(field, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
        return f"unknown field '{field}'; {hint}"
    value = shown(error["input"])
    if field.endswith("_id"):
        return f"{field} is {value}; give an integer or text"
    return f"{field} is {value}: {error['msg'][:1].lower()}{error['msg'][1:]}"
