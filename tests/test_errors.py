"""The tree of exceptions equals the drawing in the module's docstring."""

from __future__ import annotations

import inspect
import re

import towhee_recsys.errors as errors


def _classes() -> dict[str, type[Exception]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value)
        and issubclass(value, Exception)
        and value.__module__ == errors.__name__
    }


def _drawn() -> dict[str, str | None]:
    """Each exception in the drawing, and its parent."""
    parents: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([│├└─ ]*)([A-Z]\w+)(  |$)", line)
        if not found:
            continue
        depth, name = len(found[1]), found[2]
        above = [(d, n) for d, n in above if d < depth]
        parents[name] = above[-1][1] if above else None
        above.append((depth, name))
    return parents


def test_tree_equals_the_drawing() -> None:
    classes = _classes()
    actual = {
        name: next((b.__name__ for b in cls.__bases__ if b.__name__ in classes), None)
        for name, cls in classes.items()
    }
    assert _drawn() == actual
    assert actual["RecsysError"] is None
    assert list(actual.values()).count(None) == 1


def test_every_error_is_exported_and_explained() -> None:
    assert sorted(_classes()) == errors.__all__
    assert all(cls.__doc__ for cls in _classes().values())
    assert all(issubclass(cls, errors.RecsysError) for cls in _classes().values())


def test_errors_of_callers_are_value_errors() -> None:
    values = {name for name, cls in _classes().items() if issubclass(cls, ValueError)}
    assert values == {"ConfigError", "DataError", "RequestError"}


def test_data_error_has_its_problems() -> None:
    assert errors.DataError("wrong", ["a", "b"]).problems == ("a", "b")
    assert errors.DataError("wrong").problems == ()
    assert str(errors.DataError("wrong", ["a"])) == "wrong"
