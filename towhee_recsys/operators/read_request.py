"""Operator ``recsys/read_request``."""

from __future__ import annotations

from functools import cached_property
from typing import Any, get_args

from towhee import register

from towhee_recsys.components.requests import Defaults, RequestReader, Subject
from towhee_recsys.errors import ConfigError
from towhee_recsys.operators.base import SharedOperator
from towhee_recsys.types import TOP_K, Query


@register(name="recsys/read_request")
class ReadRequest(SharedOperator):
    """``ops.recsys.read_request(bundle='bundle/', top_k=10)``: check an id, a request or a list of
    these; return a list of requests with every default filled in.

    With ``subject='item_id'`` it reads requests for `similar_items`. The other settings are the
    defaults. See `towhee_recsys.components.requests.RequestReader`.
    """

    def __init__(
        self,
        bundle: str,
        top_k: int = TOP_K,
        subject: Subject = "user_id",
        diversity: float = 0.0,
        min_score: float | None = None,
        explain: int = 0,
        calibrate: bool = False,
        fingerprint: str | None = None,
    ) -> None:
        super().__init__(bundle=str(bundle), fingerprint=fingerprint)
        if subject not in get_args(Subject):
            raise ConfigError(
                f"subject is {subject!r}; it must be one of {', '.join(get_args(Subject))}"
            )
        self._subject = subject
        steps = {"min_score": min_score, "explain": explain, "calibrate": calibrate}
        self._defaults = Defaults.checked(top_k=top_k, diversity=diversity, **steps)

    @cached_property
    def _reader(self) -> RequestReader:
        bundle = self.resources.bundle
        id_types = bundle.metadata.id_types
        return RequestReader(bundle.schema, id_types, self._subject, self._defaults)

    def __call__(self, raw: Any) -> list[Query]:
        return self._reader.read(raw)
