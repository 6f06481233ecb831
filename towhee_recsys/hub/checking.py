"""Find what is wrong with a hub folder, by reading it and by Towhee's own loader."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import InvalidRequirement, Requirement

from towhee_recsys.errors import HubError
from towhee_recsys.hub.folders import Folder
from towhee_recsys.hub.loader import (
    Setting,
    fields_of,
    load_config,
    load_operator,
    settings_of,
)
from towhee_recsys.hub.readme import HEADINGS, Readme

README, REQUIREMENTS = "README.md", "requirements.txt"


def check(folder: Folder) -> list[str]:
    """The problems of a folder, each with the name of its file. Empty if there are none.

    The folder's code is run, because loading it does that. Nothing is installed: a missing
    requirement, which the loader would install, is a problem.
    """
    code = [f"{folder.name}.py", *(["__init__.py"] if folder.kind == "operator" else [])]
    needed = [README, *code, *([REQUIREMENTS] if folder.kind == "operator" else [])]
    missing = [name for name in needed if not (folder.path / name).is_file()]
    if missing:
        return [f"{name} is missing" for name in missing]
    for name in needed:
        try:
            (folder.path / name).read_text("utf-8")
        except UnicodeDecodeError as exc:
            return [f"{name} is not text in UTF-8: {exc}"]
    problems = list(_requirements(folder))
    readme = Readme.read((folder.path / README).read_text("utf-8"))
    problems += [f"{README}: {problem}" for problem in _form(readme, folder)]
    if problems:
        return problems
    return list(_loaded(readme, folder))


def _requirements(folder: Folder) -> Iterator[str]:
    """Towhee's loader reads only the last line, and ignores versions."""
    path = folder.path / REQUIREMENTS
    if not path.is_file():
        return
    text = path.read_text("utf-8")
    if text != text.strip() or len(text.splitlines()) != 1:
        yield (
            f"{REQUIREMENTS}: one requirement, on one line, without a newline at its end; Towhee's "
            "loader reads only what follows the last newline"
        )
        return
    try:
        distribution(Requirement(text).name)
    except InvalidRequirement as exc:
        yield f"{REQUIREMENTS}: '{text}' is no requirement: {exc}"
    except PackageNotFoundError:
        yield f"{REQUIREMENTS}: {text} is not installed; Towhee would pip install it"


def _form(readme: Readme, folder: Folder) -> Iterator[str]:
    expected = [*HEADINGS[folder.kind], "More Resources"]
    if readme.headings != expected:
        yield f"the sections are {', '.join(readme.headings)}; they must be {', '.join(expected)}"
        return
    if not readme.examples:
        yield "Code Example has no block of Python"
    if not readme.constructor:
        yield f"{expected[2]} has no line ***name(parameters)***"
    if not readme.inputs or not readme.returns:
        yield "Interface does not say what goes in and what comes out"
    if folder.kind == "operator":
        try:
            if readme.arguments(folder.name) is None:
                yield f"no example makes ops.recsys.{folder.name}(…) with its settings as keywords"
        except SyntaxError as exc:
            yield f"the code example is not Python: {exc}"


def _loaded(readme: Readme, folder: Folder) -> Iterator[str]:
    try:
        if folder.kind == "operator":
            operator = load_operator(folder.path, readme.arguments(folder.name) or {})
            name, settings = f"recsys.{folder.name}", settings_of(type(operator).__init__)
            inputs = [name for name, *_ in settings_of(type(operator).__call__)]
        else:
            config = type(load_config(folder.path))
            name, settings = config.__name__, fields_of(config)
            inputs = readme.inputs  # a pipeline's input may have any name
    except HubError as exc:
        yield str(exc)
        return
    constructor = f"{name}({', '.join(map(_parameter, settings))})"
    if readme.constructor != constructor:
        yield f"{README}: the constructor is {constructor}, not {readme.constructor}"
    described, actual = readme.settings, [(name, kind) for name, kind, _ in settings]
    if described != actual:
        yield f"{README}: the constructor's parameters are {_list(actual)}, not {_list(described)}"
    if readme.inputs != inputs:
        yield f"{README}: it is called with {', '.join(inputs)}, not {', '.join(readme.inputs)}"


def _parameter(setting: Setting) -> str:
    name, _, default = setting
    return f"{name}={default}" if default else name


def _list(parameters: list[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {kind}" for name, kind in parameters) or "none"
