"""Check whatever a pipeline was called with, and fill in the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.text import explained, shown
from towhee_recsys.types import (
    ITEM_ID,
    MAX_BATCH,
    MAX_CANDIDATES,
    MAX_HISTORY,
    MAX_ID_LENGTH,
    TOP_K,
    USER_ID,
    Diversity,
    Id,
    MinScore,
    Query,
    ReasonCount,
    Request,
    SimilarRequest,
    TopK,
)

if TYPE_CHECKING:
    from towhee_recsys.datasets.schema import Schema

Subject: TypeAlias = Literal["user_id", "item_id"]
"""What a bare id stands for: whose recommendations, or which item's similar ones."""

OVERFETCH = 5
"""How many times ``top_k`` items are searched for if a diverse answer is chosen from them."""

_SHAPES: dict[str, TypeAdapter[Any]] = {
    USER_ID: TypeAdapter(Request),
    ITEM_ID: TypeAdapter(SimilarRequest),
}
_FIELDS = {USER_ID: Request.__annotations__, ITEM_ID: SimilarRequest.__annotations__}
_KINDS = {"int": "an integer of 64 bits", "str": f"text of 1 to {MAX_ID_LENGTH} characters"}
_IDS = {USER_ID: USER_ID, ITEM_ID: ITEM_ID, "history": ITEM_ID, "exclude": ITEM_ID}


class Defaults(BaseModel):
    """What a query has where the request does not say."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    top_k: TopK = TOP_K
    """Items in an answer."""
    min_score: MinScore | None = Field(None, allow_inf_nan=False)
    """Items below this score are left out, except in answers of popular items."""
    diversity: Diversity = 0.0
    """How much the items of an answer should differ from one another; see `recsys/rerank_mmr`."""
    explain: ReasonCount = 0
    """How many of the seen items each recommendation names as reasons; see `recsys/explain`."""
    calibrate: bool = False
    """Say how likely each item is to be the user's next one; see `recsys/calibrate`."""

    @classmethod
    def checked(cls, **settings: Any) -> Defaults:
        """
        Raises:
            ConfigError: a setting is out of its range.
        """
        try:
            return cls(**settings)
        except ValidationError as exc:
            raise ConfigError(explained(exc, cls.model_fields)) from exc


class Completion:
    """Fills in what requests do not say."""

    def __init__(self, defaults: Defaults) -> None:
        self._blank: dict[str, Any] = {
            "user_id": None,
            "user": None,
            "history": None,
            "filter": None,
            "seen": "exclude",
            "exclude": [],
            "degraded": [],
            **defaults.model_dump(),
        }
        self._names = self._blank.keys() | {"candidates"}

    def query(self, request: Mapping[str, Any]) -> Query:
        """The request with all keys of a `Query`; one that has them already is passed on as it is.

        NumPy's ids become Python's. Without ``candidates`` these are as many as ``top_k``.
        """
        if self._names <= request.keys():
            return cast(Query, request)
        query = {**self._blank, **request}
        query["exclude"] = plain_ids(query["exclude"])
        if query["history"] is not None:
            query["history"] = plain_ids(query["history"])
        if not query.get("candidates"):
            query["candidates"] = query["top_k"]
        return cast(Query, query)

    def queries(self, requests: Sequence[Mapping[str, Any]] | None, count: int) -> list[Query]:
        """The same of a list of requests; None stands for `count` requests that say nothing."""
        given: Sequence[Mapping[str, Any]] = [{}] * count if requests is None else requests
        return [self.query(request) for request in given]


class RequestReader:
    """Reads the requests for one model."""

    def __init__(
        self, schema: Schema, id_types: Mapping[str, str], subject: Subject, defaults: Defaults
    ) -> None:
        """
        Args:
            schema: of the model, whose columns records may have.
            id_types: ``int`` or ``str`` for ``user_id`` and ``item_id``.
            subject: what a bare id stands for.
            defaults: for requests that do not say.
        """
        self._record = "user" if subject == USER_ID else "item"
        self._columns = schema.users if subject == USER_ID else schema.items
        self._id_types, self._subject = id_types, subject
        self._completion = Completion(defaults)

    def read(self, raw: Any) -> list[Query]:
        """An id, a request, or a list of these, as complete queries.

        A query with ``diversity`` gets `OVERFETCH` times as many ``candidates`` as ``top_k``, at
        most `MAX_CANDIDATES`.

        Raises:
            RequestError: naming the request's position, the field, its value and what is allowed.
        """
        queries = []
        for request in parse_requests(raw, self._subject, self._id_types):
            self._check_record(request)
            query = self._completion.query(request)
            if query["diversity"]:
                query["candidates"] = _candidates(query["top_k"])
            queries.append(query)
        return queries

    def _check_record(self, request: Mapping[str, Any]) -> None:
        """A misspelt column would count as missing, and nobody would notice."""
        for name in request.get(self._record) or ():
            if name not in self._columns and name not in (USER_ID, ITEM_ID):
                raise RequestError(
                    f"{self._record}: unknown column '{name}'; known are "
                    f"{', '.join(self._columns) or 'none'}"
                )


def _candidates(top_k: int) -> int:
    if top_k > MAX_CANDIDATES:
        raise RequestError(
            f"top_k is {top_k}; with diversity it is at most {MAX_CANDIDATES:,}: set diversity to "
            "0, or ask for fewer"
        )
    return min(MAX_CANDIDATES, OVERFETCH * top_k)


def parse_requests(raw: Any, subject: Subject, id_types: Mapping[str, str]) -> list[dict[str, Any]]:
    """An id, a request, or a list of these, as a list of checked requests.

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
    """True if this call asks for a list of answers."""
    return isinstance(raw, (list, tuple)) or (isinstance(raw, np.ndarray) and raw.ndim > 0)


def plain_ids(ids: Any) -> list[Id]:
    """A list of ids as Python's own; empty for None."""
    if ids is None:
        return []
    if isinstance(ids, np.ndarray):
        return list(ids.tolist())
    if any(issubclass(kind, np.generic) for kind in set(map(type, ids))):
        return [one.item() if isinstance(one, np.generic) else one for one in ids]
    return list(ids)


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
        raise RequestError(f"{name}: {_explained(exc, subject)}") from exc
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
    """True if an id of this kind may have this value, whether or not it exists."""
    if isinstance(value, int):
        return kind == "int" and -(2**63) <= value < 2**63
    if kind != "str" or not 0 < len(value) <= MAX_ID_LENGTH:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _plain(value: Any, depth: int = 1) -> Any:
    """NumPy's scalars and arrays as Python's own, also those in a list, or in a record."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, dict) and depth:
        return {key: _plain(one, depth - 1) for key, one in value.items()}
    if isinstance(value, list) and any(isinstance(one, np.generic) for one in value):
        return [one.item() if isinstance(one, np.generic) else one for one in value]
    return value


def _explained(exc: ValidationError, subject: Subject) -> str:
    error = exc.errors(include_url=False)[0]
    field = str(error["loc"][0]) if error["loc"] else subject
    if field.endswith("_id") and error["type"] != "extra_forbidden":
        return f"{field} is {shown(error['input'])}; give an integer or text"
    return explained(exc, _FIELDS[subject], depth=1)
