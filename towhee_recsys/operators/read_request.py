"""What a pipeline was called with → a list of checked requests, complete with the defaults."""

from __future__ import annotations

from functools import cached_property
from typing import Any, get_args

from towhee import register

from towhee_recsys.components.requests import Subject, parse_requests
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.errors import ConfigError, RequestError
from towhee_recsys.operators import shared
from towhee_recsys.types import ITEM_ID, MAX_TOP_K, USER_ID

OVERFETCH = 5
"""Times ``top_k`` that are found where a diverse answer is chosen from them."""

MAX_CANDIDATES = 1_000
"""Among which a diverse answer is chosen, which compares each with each: half a second's work."""


@register(name="recsys/read_request")
class ReadRequest(shared.SharedOperator):
    """``ops.recsys.read_request(bundle='bundle/', top_k=10)``: an id, a request or a list of these
    → a list of requests, each with ``top_k``.

    With ``subject='item_id'`` for `similar_items`. A request with ``diversity``, or `diversity` for
    those that do not say, gets ``candidates`` too: five times ``top_k``, up to `MAX_CANDIDATES`,
    are to be found, for a later step to choose among; a ``top_k`` beyond them is refused then.
    """

    def __init__(
        self, bundle: str, top_k: int = 10, subject: Subject = "user_id", diversity: float = 0.0
    ) -> None:
        super().__init__()
        if subject not in get_args(Subject):
            raise ConfigError(
                f"subject is {subject!r}; it must be one of {', '.join(get_args(Subject))}"
            )
        if not 1 <= top_k <= MAX_TOP_K:
            raise ConfigError(f"top_k is {top_k!r}; give 1 to {MAX_TOP_K:,}")
        if not 0 <= diversity <= 1:
            raise ConfigError(f"diversity is {diversity!r}; give a number from 0 to 1")
        self._bundle, self._top_k, self._subject = str(bundle), top_k, subject
        self._diversity = diversity

    @cached_property
    def _schema(self) -> Schema:
        return shared.schema(self._bundle)

    @cached_property
    def _id_types(self) -> dict[str, str]:
        return shared.metadata(self._bundle).id_types

    def __call__(self, raw: Any) -> list[dict[str, Any]]:
        requests = parse_requests(raw, self._subject, self._id_types)
        for request in requests:
            request.setdefault("top_k", self._top_k)
            if request.get("diversity", self._diversity):
                if request["top_k"] > MAX_CANDIDATES:
                    raise RequestError(
                        f"top_k is {request['top_k']}; with diversity it is at most "
                        f"{MAX_CANDIDATES:,}: ask with a diversity of 0, or for fewer"
                    )
                request["candidates"] = min(MAX_CANDIDATES, OVERFETCH * request["top_k"])
            self._check_record(request)
        return requests

    def _check_record(self, request: dict[str, Any]) -> None:
        """A misspelt column would be as good as missing, silently."""
        key, columns = "user", self._schema.users
        if self._subject == "item_id":
            key, columns = "item", self._schema.items
        for name in request.get(key) or ():
            if name not in columns and name not in (USER_ID, ITEM_ID):
                raise RequestError(
                    f"{key}: unknown column '{name}'; known are {', '.join(columns) or 'none'}"
                )
