"""The settings of the pipelines, from arguments or environment variables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from towhee_recsys.components.requests import Defaults
from towhee_recsys.errors import ConfigError
from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.stores.opening import TOKEN_ENV
from towhee_recsys.text import explained, mask
from towhee_recsys.types import TOP_K, Rule, TopK

ENV_PREFIX = "TOWHEE_RECSYS_"

Self = TypeVar("Self", bound="PipelineConfig")


class PipelineConfig(BaseModel):
    """The settings of all pipelines: a model, an index and a record store.

    A field is checked whenever it is set, also later (``config.top_k = 5``). A token for Milvus is
    never part of a config: `token_env` names the environment variable that holds it.
    """

    model_config = ConfigDict(
        validate_assignment=True, extra="forbid", use_attribute_docstrings=True
    )

    bundle: str
    """Folder of the trained model."""
    milvus_uri: str
    """A file for Milvus Lite, or ``http(s)://host:19530``."""
    store_url: str
    """``embedded:///folder``, ``redis://…``, ``rediss://…``, ``redis+cluster://…`` or
    ``mysql+pymysql://…``."""
    connections: int = Field(CONNECTIONS, ge=1, le=1_000)
    """Connections to the record store at most. Further calls wait. Milvus has one connection, which
    all calls share."""
    token_env: str = TOKEN_ENV
    """The environment variable with the token for Milvus, if Milvus requires one."""

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as exc:
            raise self._refused(exc) from exc

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError as exc:
            raise self._refused(exc) from exc

    @classmethod
    def _refused(cls, exc: ValidationError) -> ConfigError:
        return ConfigError(f"{cls.__name__}: {explained(exc, cls.model_fields)}")

    @field_validator("bundle", "milvus_uri", mode="before")
    @classmethod
    def _path_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, Path) else value

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, mask(value) if name in ("store_url", "milvus_uri") else value

    @property
    def deployment(self) -> dict[str, Any]:
        """The settings of a `towhee_recsys.components.resources.Deployment`."""
        names = ("bundle", "milvus_uri", "token_env", "store_url", "connections")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_env(cls: type[Self]) -> Self:
        """A config from the variables ``TOWHEE_RECSYS_BUNDLE``, ``…_MILVUS_URI`` and so on.

        Raises:
            ConfigError: a variable is missing or wrong; the message names it.
        """
        return cls.draft().complete()

    @classmethod
    def given(cls: type[Self], config: Self | None) -> Self:
        """The config to build a pipeline from: `config`, or by default the environment's.

        Raises:
            ConfigError: `config` is of another class, or a field is missing.
        """
        if config is None:
            return cls.from_env()
        if not isinstance(config, cls):
            raise ConfigError(f"expected a {cls.__name__}, got a {type(config).__name__}")
        return config.complete()

    @classmethod
    def draft(cls: type[Self], **fields: Any) -> Self:
        """A config from `fields` and the environment that may be incomplete.

        Towhee's ``AutoConfig.load_config`` gives such a config. Missing fields must be set before a
        pipeline is built from it.

        Raises:
            ConfigError: a field or a variable is wrong.
        """
        config: Self = cls.model_construct()  # type: ignore[call-arg, assignment]
        variables = {field: _variable(field) for field in cls.model_fields}
        given = {f: os.environ[name] for f, name in variables.items() if name in os.environ}
        for field, value in {**given, **fields}.items():
            setattr(config, field, value)
        return config

    def complete(self: Self) -> Self:
        """This config, if nothing is missing.

        Raises:
            ConfigError: a field is missing; the message names all that are.
        """
        missing = [field for field in type(self).model_fields if field not in self.__dict__]
        if missing:
            raise ConfigError(
                f"{type(self).__name__} lacks {', '.join(missing)}; set them, or the environment "
                f"variables {', '.join(map(_variable, missing))}"
            )
        return self


class RecommendConfig(Defaults, PipelineConfig):
    """Settings of `recommend`. Those of `Defaults` apply unless a request sets them."""

    rules: list[Rule] = []
    """What may be recommended, and to whom; see `recsys/rule_filter`. In the environment it is a
    JSON list."""

    @field_validator("rules", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as exc:
            raise ValueError(f"not a JSON list of rules: {exc}") from exc


class SimilarItemsConfig(PipelineConfig):
    """Settings of `similar_items`."""

    top_k: TopK = TOP_K
    """Items in an answer, unless the request sets it."""


class IngestConfig(PipelineConfig):
    """Settings of `ingest`."""

    batch_size: int = Field(2_000, ge=1, le=10_000)
    """Items that are encoded and written at once. Batches grow if there would be more than 500."""
    restore_forgotten: bool = False
    """Whether to write users and interactions that are on the store's list of what is forgotten,
    and to take them off it. By default they are left out."""


def _variable(field: str) -> str:
    return ENV_PREFIX + field.upper()
