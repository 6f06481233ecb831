"""Check requests, and fill in their defaults."""

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
"""What a bare id means: a user to recommend to, or an item to find similar items for."""

OVERFETCH = 5
"""Candidates for a diverse answer, as a multiple of ``top_k``."""

_SHAPES: dict[str, TypeAdapter[Any]] = {
    USER_ID: TypeAdapter(Request),
    ITEM_ID: TypeAdapter(SimilarRequest),
}
_FIELDS = {USER_ID: Request.__annotations__, ITEM_ID: SimilarRequest.__annotations__}
_KINDS = {"int": "an integer of 64 bits", "str": f"text of 1 to {MAX_ID_LENGTH} characters"}
_IDS = {USER_ID: USER_ID, ITEM_ID: ITEM_ID, "history": ITEM_ID, "exclude": ITEM_ID}


class Defaults(BaseModel):
    """Values for what a request does not set."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    top_k: TopK = TOP_K
    """Items in an answer."""
    min_score: MinScore | None = Field(None, allow_inf_nan=False)
    """Items with a lower score are left out. Popular items stay."""
    diversity: Diversity = 0.0
    """How much the items of an answer should differ; see `recsys/rerank_mmr`."""
    explain: ReasonCount = 0
    """How many seen items each recommendation names as reasons; see `recsys/explain`."""
    calibrate: bool = False
    """Whether to give the probability that each item is the user's next one; see
    `recsys/calibrate`."""

    @classmethod
    def checked(cls, **settings: Any) -> Defaults:
        """Defaults from settings.

        Raises:
            ConfigError: a setting is out of its range.
        """
        try:
            return cls(**settings)
        except ValidationError as exc:
            raise ConfigError(explained(exc, cls.model_fields)) from exc


class Completion:
    """Fills in what requests do not set."""

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
        """The request with all keys of a `Query`. A complete query is returned as it is.

        NumPy ids become Python's. ``candidates`` is ``top_k`` by default.
        """
        if self._names <= request.keys():
            return cast(Query, request)
        query = {**self._blank, **request}
        query["exclude"] = plain_ids(query["exclude"])
        query["degraded"] = list(query["degraded"] or ())
        if query["history"] is not None:
            query["history"] = plain_ids(query["history"])
        if not query.get("candidates"):
            query["candidates"] = query["top_k"]
        return cast(Query, query)

    def queries(self, requests: Sequence[Mapping[str, Any]] | None, count: int) -> list[Query]:
        """Complete a list of requests. None stands for `count` empty requests."""
        given: Sequence[Mapping[str, Any]] = [{}] * count if requests is None else requests
        return [self.query(request) for request in given]


class RequestReader:
    """Reads the requests for one model."""

    def __init__(
        self, schema: Schema, id_types: Mapping[str, str], subject: Subject, defaults: Defaults
    ) -> None:
        """
        Args:
            schema: the model's schema. Records may have its columns.
            id_types: ``int`` or ``str`` for ``user_id`` and ``item_id``.
            subject: what a bare id means.
            defaults: values for what a request does not set.
        """
        self._record = "user" if subject == USER_ID else "item"
        self._columns = schema.users if subject == USER_ID else schema.items
        self._id_types, self._subject = id_types, subject
        self._completion = Completion(defaults)

    def read(self, raw: Any) -> list[Query]:
        """Read an id, a request, or a list of these, as complete queries.

        A query with ``diversity`` gets `OVERFETCH` times ``top_k`` candidates, at most
        `MAX_CANDIDATES`.

        Raises:
            RequestError: a request is wrong. The message names its position, the field, the value
                and what is allowed.
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
        """Refuse unknown columns. A misspelt column would silently count as a missing value."""
        for name in request.get(self._record) or ():
            if name not in self._columns and name not in (USER_ID, ITEM_ID):
                raise RequestError(
                    f"{self._record}: unknown column '{name}'; the model's columns are "
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
    """Check an id, a request, or a list of these, and return a list of requests.

    Args:
        raw: as described.
        subject: what a bare id means.
        id_types: ``int`` or ``str`` for ``user_id`` and ``item_id``, as in the model.

    Raises:
        RequestError: a request is wrong. The message names its position, the field, the value and
            what is allowed.
    """
    if not is_batch(raw):
        return [_parse(raw, subject, id_types, "the request")]
    if len(raw) > MAX_BATCH:
        raise RequestError(f"{len(raw):,} requests in one call; send at most {MAX_BATCH:,} at once")
    return [_parse(one, subject, id_types, f"request {i}") for i, one in enumerate(raw)]


def is_batch(raw: Any) -> bool:
    """True if `raw` is a list, so that the answer is a list of answers."""
    return isinstance(raw, (list, tuple)) or (isinstance(raw, np.ndarray) and raw.ndim > 0)


def plain_ids(ids: Any) -> list[Id]:
    """A list of ids as Python values. None gives an empty list."""
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
            _check_kinds(value, key, name)  # pydantic would report an error or two for each id
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
    """True if `value` is possible for an id of this type."""
    if isinstance(value, int):
        return kind == "int" and -(2**63) <= value < 2**63
    if kind != "str" or not 0 < len(value) <= MAX_ID_LENGTH:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _plain(value: Any, depth: int = 1) -> Any:
    """A value with NumPy scalars and arrays as Python values, also in a list or a record."""
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
