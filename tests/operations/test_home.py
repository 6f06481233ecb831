"""A home knows its paths, and closes the stores that it opens."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest

from towhee_recsys.errors import BundleError, RequestError
from towhee_recsys.operations.home import Home


def test_an_index_or_a_store_is_there_or_configured(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert (home.has_index, home.has_store) == (False, False)
    servers = Home(tmp_path / "home", "http://127.0.0.1:1", "redis://127.0.0.1:1")
    assert (servers.has_index, servers.has_store) == (True, True)
    assert (servers.milvus_uri, servers.store_url) == ("http://127.0.0.1:1", "redis://127.0.0.1:1")
    (tmp_path / "home" / "store").mkdir(parents=True)
    (tmp_path / "home" / "milvus.db").touch()
    assert (home.has_index, home.has_store) == (True, True)


def test_the_store_that_a_block_opens_is_closed_after_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    before = set(psutil.Process().children())
    with home.open_store() as store:
        store.put_items([{"item_id": 1}])
        servers = set(psutil.Process().children()) - before
        assert servers
    _, alive = psutil.wait_procs(servers, timeout=60)
    assert not alive
    with home.open_store() as store:
        assert store.get_items([1]) == [{"item_id": 1}]


def test_the_store_is_closed_after_an_error(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    servers: set[psutil.Process] = set()

    def fail() -> None:
        with Home(tmp_path / "home").open_store():
            servers.update(set(psutil.Process().children()) - before)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert servers
    _, alive = psutil.wait_procs(servers, timeout=60)
    assert not alive


def test_ids_have_the_type_of_the_data(sample_bundle_path: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_bundle_path, tmp_path / "bundle")
    home = Home(tmp_path)
    assert home.parse_id("42", "user_id") == 42
    for text in ("x", "4.2", "", "9" * 30):
        with pytest.raises(RequestError, match=r"item_id is .*; in this data it is an integer"):
            home.parse_id(text, "item_id")
    assert home.data().startswith("sample")
    assert home.schema().titles == ["title"]
    with pytest.raises(BundleError):
        Home(tmp_path / "none").data()
