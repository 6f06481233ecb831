"""Read a dataset.yaml, and report each mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from towhee_recsys.datasets.readers.description import (
    DescribedColumn,
    Description,
    Entities,
    Entity,
    EntityTable,
    Interactions,
    ItemTable,
    Origin,
    Reading,
    Time,
    UserTable,
)
from towhee_recsys.datasets.readers.naming import not_reserved
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.schema import Column
from towhee_recsys.text import explained, near, shown

_KEYS = ("interactions", "items", "users", "name")
_REMEDY = "Write it like: items: {path: items.csv, item_id: id, columns: {title: text}}."
_COLUMN_KEYS = ("role", "separator", "as")

T = TypeVar("T", bound=Origin)


def read_description(path: Path, problems: Problems) -> Description | None:
    """The well-formed part of the YAML file; None if it describes nothing."""
    read = _mapping(path, problems)
    if read is None:
        return None
    for key in read:
        if key not in _KEYS:
            problems.add(path.name, f"'{key}' is not known", near(str(key), _KEYS))
    file = path.name
    description = Description(name=str(read["name"]) if read.get("name") is not None else None)
    if "interactions" in read:
        description.interactions = _table(
            file, "interactions", read["interactions"], Interactions, problems
        )
    else:
        problems.add(
            file, "does not say where the interactions are", "Add interactions: {path: …}."
        )
    if "items" in read:
        description.items = _entities(file, "items", read["items"], ItemTable, problems)
    if "users" in read:
        description.users = _entities(file, "users", read["users"], UserTable, problems)
    description.wrong = frozenset(
        key for key in _KEYS[:3] if key in read and getattr(description, key) is None
    )
    return description


def _mapping(path: Path, problems: Problems) -> dict[Any, Any] | None:
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
    except yaml.MarkedYAMLError as exc:
        rows = [(exc.problem_mark.line + 1, None)] if exc.problem_mark else []
        problems.add(path.name, f"is not YAML: {exc.problem}", _REMEDY, examples=rows)
        return None
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        problems.add(path.name, f"is not YAML: {exc}", _REMEDY)
        return None
    if not isinstance(read, dict):
        problems.add(path.name, "does not describe any tables", _REMEDY)
        return None
    return read


def _entities(
    file: str, name: str, value: Any, model: type[EntityTable], problems: Problems
) -> Entities | None:
    before = len(problems)
    others = value.get("also") if isinstance(value, dict) else None
    main = None
    if isinstance(others, list) and set(value) == {"also"}:  # the interactions list the ids
        tables = others
    else:
        main = _entity(file, name, value, model, problems)
        tables = main.table.also if main else []
    also = []
    for number, other in enumerate(tables, start=1):
        where = f"{name}, also {number}" if len(tables) > 1 else f"{name}, also"
        if isinstance(other, dict) and "also" in other:
            problems.add(file, f"{where}: 'also' is not known", f"List all tables in {name}: also.")
        else:
            also.append(_entity(file, where, other, model, problems))
    _report_repeated(file, name, [e for e in (main, *also) if e], problems)
    tables_read = tuple(e for e in also if e)
    if len(problems) > before and main is None and not tables_read:
        return None
    return Entities(main, tables_read)


def _entity(
    file: str, name: str, value: Any, model: type[EntityTable], problems: Problems
) -> Entity | None:
    table = _table(file, name, value, model, problems)
    if table is None:
        return None
    columns: dict[str, Column] = {}
    called: dict[str, str] = {}
    for key, given in table.columns.items():
        described = _column(f"{file}, {name}", str(key), given, problems)
        if described is None:
            continue
        ours = described.name or str(key)
        if not not_reserved(f"{file}, {name}", [ours], problems):
            continue
        if ours in columns:
            remedy = "Give each column a name of its own with `as`."
            problems.add(f"{file}, {name}", "two columns have this name", remedy, column=ours)
            continue
        columns[ours] = Column(role=described.role, separator=described.separator)
        called[ours] = str(key)
    return Entity(table, columns, called)


def _column(file: str, name: str, given: Any, problems: Problems) -> DescribedColumn | None:
    try:
        return DescribedColumn.model_validate({"role": given} if isinstance(given, str) else given)
    except ValidationError as exc:
        remedy = "Write a role, or {role: multi_categorical, separator: '|'}."
        problems.add(file, explained(exc, _COLUMN_KEYS), remedy, column=name)
        return None


def _report_repeated(file: str, name: str, entities: list[Entity], problems: Problems) -> None:
    seen: set[str] = set()
    for entity in entities:
        for column in list(entity.columns):
            if column in seen:
                remedy = "Give one of them another name with `as`."
                wrong = "two tables have a column of this name"
                problems.add(f"{file}, {name}", wrong, remedy, column=column)
                del entity.columns[column], entity.called[column]
            seen.add(column)


def _table(file: str, name: str, value: Any, model: type[T], problems: Problems) -> T | None:
    if not isinstance(value, dict) or not isinstance(value.get("path"), str) or not value["path"]:
        problems.add(file, f"'{name}' does not name a path", f"Write {name}: {{path: …}}.")
        return None
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        _explain(file, name, exc, model, problems)
        return None


def _explain(
    file: str, name: str, exc: ValidationError, model: type[BaseModel], problems: Problems
) -> None:
    """Note each wrong key once."""
    inner: Mapping[str, type[BaseModel]] = {"read": Reading, "timestamp": Time}
    for error in {e["loc"][:2]: e for e in reversed(exc.errors(include_url=False))}.values():
        place = [str(part) for part in error["loc"][:2]]
        message = error["msg"].removeprefix("Value error, ")
        if not place:
            wrong, _, remedy = message.partition("; ")
            problems.add(file, f"{name}: {wrong}", _sentence(remedy))
            continue
        key = ": ".join(place)
        if error["type"] == "extra_forbidden":
            fields = (inner[place[0]] if len(place) > 1 else model).model_fields
            problems.add(file, f"{name}: '{key}' is not known", near(place[-1], fields))
        else:
            remedies = {
                "string_type": "Give a name, in quotes.",
                "dict_type": "Give the columns and their roles.",
                "list_type": "Give a list of tables, as in [{path: tags.csv, columns: {…}}].",
            }
            remedy = remedies.get(error["type"], _sentence(message))
            value = "wrong" if key == "password_env" else shown(error["input"])
            problems.add(file, f"{name}: '{key}' is {value}", remedy)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
