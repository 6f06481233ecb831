"""Start real services for the tests that need one, and sort the tests by what they need."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from services.milvus_server import milvus_server
from services.mysql_server import mysql_server
from services.processes import missing
from services.redis_server import redis_cluster, redis_server

from towhee_recsys.stores.urls import embedded_url as url_of_folder

pytest_plugins = ["fixtures.model", "fixtures.stack", "fixtures.tiny"]

SERVICES = {"redis_url", "redis_server_url", "redis_cluster_url", "mysql_url", "milvus_server_uri"}
"""The fixtures that start a server. A test needs one if it names it as an argument, of its own or
of a fixture, or as the value of a parameter."""

# The time of an example depends on the machine more than on the library.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


MILVUS = "milvus_server_uri"


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a service, and begin with the files that need a Milvus server."""
    for item in items:
        named = set(getattr(item, "fixturenames", ()))
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            named |= {value for value in item.callspec.params.values() if isinstance(value, str)}
        if named & SERVICES:
            item.add_marker("service")
    items.sort(key=lambda item: not _names_milvus(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is run by one worker, as its tests share what its fixtures make; and so is a folder
    with fixtures of its own. So are all files that need a Milvus server, as one takes long to start
    and much memory.

    ``--dist loadgroup`` groups nothing with pytest 9.2 and pytest-xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
        def _split_scope(self, nodeid: str) -> str:
            file = config.rootpath / nodeid.split("::")[0]
            if _names_milvus(file):
                return MILVUS
            folder = file.parent
            shares = folder != Path(__file__).parent and (folder / "conftest.py").exists()
            return str(folder if shares else file)

    return Scheduling(config, log)


@functools.cache
def _names_milvus(file: Path) -> bool:
    return MILVUS in file.read_text("utf-8")


@pytest.fixture(scope="session", autouse=True)
def _settings_of_matplotlib(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's styles and fonts must not change what examples draw."""
    os.environ["MPLCONFIGDIR"] = str(tmp_path_factory.mktemp("matplotlib"))


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Without a database: `/1` to `/15` are for who needs one that outlasts a test."""
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield f"redis://127.0.0.1:{port}"


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """A database that is empty."""
    url = f"{redis_server_url}/0"
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
    return url


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
