"""Load a hub folder with Towhee's own loader, and inspect the result."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from towhee_recsys.errors import HubError, RecsysError

if TYPE_CHECKING:
    from pydantic import BaseModel

Setting = tuple[str, str, str]
"""Name, type and default of a constructor's parameter, as Python writes them. The default is empty
if there is none."""


def load_operator(path: Path, arguments: Mapping[str, Any]) -> Any:
    """Create the operator of a folder with the given settings.

    Raises:
        HubError: the loader fails. The message quotes its error.
    """
    from towhee import ops

    module = f"towhee.operator.local.{path.name}.main"
    for known in [name for name in sys.modules if name.startswith(module)]:
        del sys.modules[known]  # may be from another folder with this name
    operator: Any = None
    failure: BaseException | None = None
    with _cache("TEST_OP_CACHE", path):
        try:
            operator = getattr(ops.local, path.name)(**arguments).get_op()
        except (Exception, SystemExit) as exc:
            failure = exc
    # If the function is missing, the loader calls the module or the class with its name.
    made_by = getattr(sys.modules.get(module), path.name, None)
    uncallable = isinstance(made_by, ModuleType) and "not callable" in str(failure)
    if uncallable or (made_by is None and failure is None):
        raise HubError(f"__init__.py has no function {path.name} that makes the operator")
    if failure is not None:
        raise HubError(f"Towhee's loader fails: {_last_line(failure)}") from failure
    return operator


def load_config(path: Path) -> BaseModel:
    """The config that the pipeline of a folder registers. Some fields may not be set.

    Raises:
        HubError: the loader fails, or no config or no pipeline is registered.
    """
    from towhee import AutoConfig, AutoPipes

    name = f"local/{path.name}"
    for known in (AutoPipes._PIPES_DEF, AutoConfig._REGISTERED_CONFIG):
        known.pop(name, None)  # may be from another folder with this name
    with _cache("TEST_PIPE_CACHE", path):
        try:
            config = AutoConfig.load_config(name)
        except (Exception, SystemExit) as exc:
            raise HubError(f"Towhee's loader fails: {_last_line(exc)}") from exc
        try:
            pipeline = AutoPipes.pipeline(name, config=config) if config else None
        except RecsysError:  # it is registered, and refuses the incomplete config
            pipeline = True
        except (Exception, SystemExit) as exc:
            raise HubError(f"Towhee's loader fails: {_last_line(exc)}") from exc
    if config is None or pipeline is None:
        missing = "config with AutoConfig" if config is None else "pipeline with AutoPipes"
        raise HubError(f"{path.name}.py registers no {missing}")
    return config  # type: ignore[no-any-return]


def settings_of(function: Any) -> list[Setting]:
    """The parameters of a method, such as an operator's ``__init__``, without ``self``."""
    hints = get_type_hints(function)
    return [
        (
            name,
            type_name(hints.get(name, Any)),
            "" if parameter.default is parameter.empty else repr(parameter.default),
        )
        for name, parameter in list(inspect.signature(function).parameters.items())[1:]
    ]


def fields_of(config: type[BaseModel]) -> list[Setting]:
    """The fields of a pipeline's config."""
    return [
        (name, type_name(field.annotation), "" if field.is_required() else repr(field.default))
        for name, field in config.model_fields.items()
    ]


def type_name(kind: Any) -> str:
    """A type as a README writes it: without modules, and unions with ``|``."""
    if kind is type(None):
        return "None"
    if get_origin(kind) is Annotated:  # such as a range, which a README puts into words
        return type_name(get_args(kind)[0])
    parts = [type_name(part) for part in get_args(kind) if not isinstance(part, str)]
    if parts and repr(getattr(kind, "__origin__", None)) in ("None", "typing.Union"):
        return " | ".join(parts)
    name = repr(kind) if get_args(kind) else getattr(kind, "__name__", repr(kind))
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+", "", name)


@contextmanager
def _cache(variable: str, path: Path) -> Iterator[None]:
    """Let Towhee find the folder in the namespace ``local``, as its developers do."""
    before = os.environ.get(variable)
    os.environ[variable] = str(path.parent)
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


def _last_line(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}".strip().splitlines()[-1]
