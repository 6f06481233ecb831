"""Translate a filter, plain data from anywhere, to a Milvus expression.

A filter is a dict whose conditions must all hold::

    {"year": 1995}                        a number or a label: equals
    {"year": [1994, 1995]}                one of
    {"year": {"gte": 1990, "lt": 2000}}   a number: any of gt, gte, lt, lte
    {"genres": "Comedy"}                  a column of labels: has it
    {"genres": ["Comedy", "Drama"]}       has any of them
    {"genres": {"all": ["Comedy", "Drama"]}}
    {"or": [filter, …]}, {"and": [filter, …]}, {"not": filter}

An item without a value in a column meets no condition on it, and so meets the condition's ``not``.
No item has a missing label, such as an empty text. If a column is itself named ``and``, ``or`` or
``not``, the word means the column unless its value can only be filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from towhee_recsys.errors import RequestError
from towhee_recsys.stores.filters.attributes import (
    MISSING_NUMBER,
    as_label,
    as_number,
    field_name,
)
from towhee_recsys.text import shown
from towhee_recsys.types import ITEM_ID, Filter, Id, Role

NOTHING = f"{ITEM_ID} in []"
EVERYTHING = f"{ITEM_ID} not in []"

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OPERATORS = frozenset({*COMPARISONS, "all"})
_MAX_DEPTH = 30


def compile_filter(filter: Filter, attributes: Mapping[str, Role]) -> str:
    """The Milvus expression that lets through what `filter` does.

    Raises:
        RequestError: a column is unknown or a value does not fit it; the known ones are listed.
    """
    return _compile(filter, attributes, 0)


def one_of(ids: Iterable[Id]) -> str:
    return f"{ITEM_ID} in {_list(map(literal, ids))}"


def none_of(ids: Iterable[Id]) -> str:
    return f"{ITEM_ID} not in {_list(map(literal, ids))}"


def both(left: str, right: str) -> str:
    return f"({left}) and ({right})" if left and right else left or right


def literal(value: Id | float) -> str:
    """A value as it is written in an expression. Data gets into an expression in no other way.

    Milvus Lite knows these five escapes and no others. Every other character stands for itself.
    """
    if not isinstance(value, str):
        return repr(value)
    for raw, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(raw, escaped)
    return f'"{value}"'


def _compile(filter: Any, attributes: Mapping[str, Role], depth: int) -> str:
    if not isinstance(filter, Mapping):
        raise RequestError(f"a filter is a dict of conditions, not {shown(filter)}")
    if depth > _MAX_DEPTH:
        raise RequestError(f"a filter may be nested {_MAX_DEPTH} deep, no deeper")
    parts = []
    for name, wanted in filter.items():
        if combines(name, wanted, attributes):
            inner = [wanted] if name == "not" else wanted
            if not isinstance(inner, (list, tuple)):
                raise RequestError(f"filter {name!r} takes a list of filters, not {shown(wanted)}")
            compiled = [_compile(one, attributes, depth + 1) for one in inner]
            parts.append(f"not ({compiled[0]})" if name == "not" else _join(name, compiled))
        elif name in attributes:
            parts.append(_condition(name, attributes[name], wanted))
        else:
            raise RequestError(f"filter on unknown column {shown(name)}. {_known(attributes)}")
    return _join("and", parts)


def combines(name: Any, wanted: Any, attributes: Mapping[str, Role]) -> bool:
    """Whether this is ``and``, ``or`` or ``not`` with filters, and not a condition on a column of
    that name."""
    if name not in ("and", "or", "not") or name not in attributes:
        return name in ("and", "or", "not")
    if name == "not":
        return isinstance(wanted, Mapping) and not (wanted and _OPERATORS.issuperset(wanted))
    return isinstance(wanted, (list, tuple)) and all(isinstance(w, Mapping) for w in wanted)


def _condition(column: str, role: Role, wanted: Any) -> str:
    try:
        if role == "multi_categorical":
            return _on_labels(field_name(column), wanted)
        if isinstance(wanted, Mapping):
            return _in_range(field_name(column), role, wanted)
        return _on_scalar(field_name(column), role, wanted)
    except ValueError as exc:
        allowed = {
            "number": "a number, a list of numbers, or gt, gte, lt, lte",
            "categorical": "a text or a list of texts",
            "multi_categorical": "a text, a list of texts, or {'all': [texts]}",
        }[role]
        raise RequestError(f"filter on {column!r}: {exc}. It takes {allowed}") from exc


def _on_scalar(field: str, role: Role, wanted: Any) -> str:
    convert = as_number if role == "number" else as_label
    values = [convert(one) for one in as_values(wanted)]
    present = [literal(one) for one in values if one is not None]
    return f"{field} in {_list(present)}" if present else NOTHING


def _on_labels(field: str, wanted: Any) -> str:
    every = isinstance(wanted, Mapping)
    if every and set(wanted) != {"all"}:
        raise ValueError(f"unknown condition {shown(dict(wanted))}")
    labels = [as_label(one) for one in as_values(wanted["all"] if every else wanted)]
    present = [literal(one) for one in labels if one is not None]
    if every and not labels:
        return EVERYTHING
    if not present or (every and len(present) < len(labels)):
        return NOTHING
    return f"array_contains_{'all' if every else 'any'}({field}, {_list(present)})"


def _in_range(field: str, role: Role, wanted: Mapping[str, Any]) -> str:
    if role != "number" or not wanted or not COMPARISONS.keys() >= wanted.keys():
        raise ValueError(f"unknown condition {shown(dict(wanted))}")
    bounds = [f"{field} {COMPARISONS[key]} {literal(as_number(wanted[key]))}" for key in wanted]
    return _join("and", [f"{field} > {literal(MISSING_NUMBER)}", *bounds])


def as_values(wanted: Any) -> list[Any]:
    """The values of a condition as a list; a single value is a list of one."""
    return list(wanted) if isinstance(wanted, (list, tuple, set, frozenset)) else [wanted]


def _join(word: str, parts: list[str]) -> str:
    if not parts:
        return EVERYTHING if word == "and" else NOTHING
    return parts[0] if len(parts) == 1 else f" {word} ".join(f"({part})" for part in parts)


def _list(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _known(attributes: Mapping[str, Role]) -> str:
    columns = ", ".join(f"{name} ({role})" for name, role in sorted(attributes.items()))
    return f"Known are: {columns}" if columns else "The index holds no columns to filter on"
