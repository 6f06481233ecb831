"""The names that other code depends on, as the documentation writes them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import towhee_recsys

PACKAGES = [
    "towhee_recsys",
    *(
        info.name
        for info in pkgutil.iter_modules(towhee_recsys.__path__, "towhee_recsys.")
        if info.ispkg
    ),
]


def test_names_of_the_top() -> None:
    from towhee_recsys import (
        Bundle,
        Dataset,
        ItemEncoder,
        UserEncoder,
        __version__,
        evaluate,
        to_frame,
        train,
    )

    assert all(map(inspect.isclass, (Bundle, Dataset, ItemEncoder, UserEncoder)))
    assert all(map(inspect.isfunction, (evaluate, to_frame, train)))
    assert __version__[0].isdigit()
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = towhee_recsys.nothing_of_the_kind


def test_dir_lists_the_public_names() -> None:
    listed = [name for name in dir(towhee_recsys) if not name.startswith("__")]
    assert listed == [name for name in sorted(towhee_recsys.__all__) if name != "__version__"]
    assert "__version__" in dir(towhee_recsys)


def test_names_of_the_pipelines() -> None:
    import towhee_recsys.pipelines.recommend
    from towhee_recsys.pipelines import (
        IngestConfig,
        RecommendConfig,
        SimilarItemsConfig,
        ingest,
        recommend,
        similar_items,
    )

    assert all(map(inspect.isfunction, (ingest, recommend, similar_items)))
    assert all(map(inspect.isclass, (IngestConfig, RecommendConfig, SimilarItemsConfig)))
    for function in (ingest, recommend, similar_items):
        assert importlib.import_module(function.__module__).__name__.endswith(function.__name__)
    assert towhee_recsys.pipelines.recommend is recommend


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_complete(name: str) -> None:
    """Every listed name is there, and every public name that the package imports is listed."""
    package = importlib.import_module(name)
    listed = getattr(package, "__all__", [])
    for one in listed:
        assert getattr(package, one) is not None
    ours = {
        one
        for one, value in vars(package).items()
        if not one.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__.startswith("towhee_recsys.")
    }
    assert ours <= set(listed)


@pytest.mark.parametrize("name", ["towhee_recsys", "towhee_recsys.pipelines", "towhee_recsys.cli"])
def test_light_imports(name: str) -> None:
    heavy = ["towhee", "paddle", "pymilvus", "pandas", "pyarrow", "redis", "sqlalchemy"]
    code = f"import sys, {name}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_leaves_the_root_logger_alone() -> None:
    code = (
        "import logging, towhee_recsys; towhee_recsys.train; r = logging.getLogger();"
        "print(r.level, r.handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "30 []"
