"""Start real services for the tests that need one, and sort the tests by what they need."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from services.milvus_server import milvus_server
from services.mysql_server import mysql_server
from services.processes import missing
from services.redis_server import redis_cluster, redis_server

from towhee_recsys.stores.urls import embedded_url as url_of_folder

pytest_plugins = ["fixtures.model", "fixtures.stack", "fixtures.tiny"]

SERVICES = {"redis_url", "redis_cluster_url", "mysql_url", "milvus_server_uri"}
"""The fixtures that start a server. A test needs one if it names it as an argument, of its own or
of a fixture, or as the value of a parameter."""

# The time of an example depends on the machine more than on the library.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marker, and pytest-xdist by group
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need a service, and say which tests a worker of pytest-xdist runs together.

    One Milvus server can run at a time, so one worker runs all tests that need it, and starts with
    them. Of the other tests those of a file stay together, as they share what the file's fixtures
    make.
    """
    on_milvus = []
    for item in items:
        named = set(getattr(item, "fixturenames", ()))
        if hasattr(item, "callspec"):
            named |= {value for value in item.callspec.params.values() if isinstance(value, str)}
        if named & SERVICES:
            item.add_marker("service")
        if "milvus_server_uri" in named:
            on_milvus.append(item)
            item.add_marker(pytest.mark.xdist_group("milvus"))
        else:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item not in on_milvus)


@pytest.fixture(scope="session", autouse=True)
def _settings_of_matplotlib(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's styles and fonts must not change what examples draw."""
    os.environ["MPLCONFIGDIR"] = str(tmp_path_factory.mktemp("matplotlib"))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def redis_cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture(scope="session")
def mysql_url() -> Iterator[str]:
    with mysql_server() as url:
        yield url


@pytest.fixture(scope="session")
def milvus_server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with milvus_server(tmp_path_factory.mktemp("milvus")) as uri:
        yield uri


@pytest.fixture
def milvus_lite_uri(tmp_path: Path) -> str:
    """A file that does not exist yet."""
    if sys.platform == "win32":
        missing("Milvus Lite runs on Linux and macOS")
    return str(tmp_path / "milvus.db")


@pytest.fixture
def embedded_url(tmp_path: Path) -> str:
    """A folder that does not exist yet."""
    if sys.platform == "win32":
        missing("the embedded Valkey server runs on Linux and macOS")
    return url_of_folder(tmp_path / "embedded")
