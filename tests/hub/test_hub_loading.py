"""Every hub folder through Towhee's real loader, by its own README, on real data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.stack import Stack
from towhee.runtime.operator_manager import OperatorRegistry

import towhee_recsys.operators  # noqa: F401
from towhee_recsys import Dataset
from towhee_recsys.hub import Folder, check, export, folders
from towhee_recsys.hub.readme import Readme

FOLDERS = folders()
REDIS, MYSQL = "redis://localhost:6379", "mysql+pymysql://user:password@localhost/recsys"
"""What READMEs call the servers."""

each = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.kind}-{folder.name}")


def test_there_is_one_for_each_operator_and_pipeline() -> None:
    names = {name.partition("/")[2] for name in OperatorRegistry.op_names() if "recsys/" in name}
    operators = {folder.repository for folder in FOLDERS if folder.kind == "operator"}
    assert operators == names
    pipelines = {folder.name for folder in FOLDERS if folder.kind == "pipeline"}
    assert pipelines == {"ingest", "recommend", "similar_items"}


@each
def test_nothing_is_wrong_with_it(folder: Folder) -> None:
    assert check(folder) == []


@pytest.fixture(scope="module")
def towhee_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("towhee")
    export(home)
    return home


@pytest.fixture(scope="module")
def servers(
    sample_bundle_path: Path,
    sample_dataset: Dataset,
    redis_server_url: str,
    mysql_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The stores that READMEs name, filled."""
    urls = {REDIS: f"{redis_server_url}/7", MYSQL: mysql_url}
    for url in urls.values():
        folder = tmp_path_factory.mktemp("filling")
        Stack(folder, sample_bundle_path, store_url=url).ingest(sample_dataset)
    return urls


@pytest.fixture(scope="module")
def made_by_commands(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder in which READMEs are read: with what `train` and `ingest` keep in a home."""
    home = tmp_path_factory.mktemp("readmes") / "recsys-home"
    shutil.copytree(sample_bundle_path, home / "bundle")
    stack = Stack(home, home / "bundle")
    stack.ingest(sample_dataset)
    return home


@pytest.mark.long
@each
def test_its_readme_runs_as_the_hub_loads_it(
    folder: Folder,
    towhee_home: Path,
    made_by_commands: Path,
    servers: dict[str, str],
    tmp_path: Path,
) -> None:
    """In a process of its own that finds the folder in ``TOWHEE_HOME``, and nothing of ours before
    it; no hub can be reached."""
    shutil.copytree(made_by_commands, tmp_path / "recsys-home")
    readme = Readme.read((folder.path / "README.md").read_text())
    code = "\n".join(readme.examples)
    for name, url in servers.items():
        code = code.replace(name, url)
    done = subprocess.run(
        [sys.executable, "-c", f"{loads(folder, readme)}\n{code}"],
        cwd=tmp_path,
        env={**os.environ, "TOWHEE_HOME": str(towhee_home), "TOWHEE_URL": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.strip()


def loads(folder: Folder, readme: Readme) -> str:
    """A program that fails unless the hub's loader loads this folder."""
    if folder.kind == "pipeline":
        return (
            "import sys\nfrom towhee import AutoConfig\n"
            "assert 'towhee_recsys' not in sys.modules\n"
            f"assert AutoConfig.load_config('recsys/{folder.name}') is not None"
        )
    arguments = json.dumps(readme.arguments(folder.name))
    return (
        "import json, sys\nfrom towhee import ops\n"
        "assert 'towhee_recsys' not in sys.modules\n"
        f"ops.recsys.{folder.name}(**json.loads({arguments!r})).get_op()\n"
        f"assert 'towhee.operator.recsys.{folder.name}.main' in sys.modules"
    )
