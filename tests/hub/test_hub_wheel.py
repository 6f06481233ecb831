"""From a wheel alone: an environment that has never seen this folder runs exported operators."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
SOURCES = ["LICENSE", "README.md", "pyproject.toml", "setup.cfg", "setup.py"]
PACKAGES = ["towhee_recsys", "operators", "pipelines"]

ENCODE = """
import json, sys
from towhee import ops
items = [{"item_id": 1}, {"item_id": 10**9, "genres": ["Comedy"]}]
assert "towhee_recsys" not in sys.modules
vectors = ops.recsys.item_encoder(bundle=sys.argv[1])(items)
assert "towhee.operator.recsys.item_encoder.main" in sys.modules
print(json.dumps([vectors.shape, str(vectors.dtype), sys.modules["towhee_recsys"].__file__]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as a folder with an older build in it would add that."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(target), str(source)])
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that is installed here but this library: to download it again would prove no more."""
    folder = tmp_path_factory.mktemp("dependencies")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "towhee_recsys" not in path.name:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def environment(tmp_path: Path, dependencies: Path) -> Path:
    """The Python of an environment with the dependencies and without this library."""
    run([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    for name in ("setuptools", "pkg_resources"):  # of the environment's own, and too old on 3.11
        for path in site.glob(f"{name}*"):
            shutil.rmtree(path)
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run([python, "-c", "import towhee_recsys"], cwd=tmp_path, capture_output=True)
    assert b"ModuleNotFoundError" in done.stderr
    return python


def run(command: list[str], **variables: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd="/",
        env={**environment, "TOWHEE_URL": "http://127.0.0.1:1", **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_exported_operators_need_nothing_but_the_wheel(
    environment: Path, wheel: Path, sample_bundle_path: Path, tmp_path: Path
) -> None:
    run([str(environment), "-m", "pip", "install", "-q", "--no-deps", str(wheel)])
    home = tmp_path / "towhee-home"
    command = str(environment.parent / "towhee-recsys")
    assert "folders are in" in run([command, "hub", "export", str(home)])
    assert all(not any(problems) for problems in checked(command).values())
    printed = run([str(environment), "-c", ENCODE, str(sample_bundle_path)], TOWHEE_HOME=str(home))
    shape, dtype, file = json.loads(printed.splitlines()[-1])
    assert (shape, dtype) == ([2, 256], "float32")
    assert Path(file).is_relative_to(environment.parent.parent)


def checked(command: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(run([command, "hub", "check", "--json"]))
    assert len(found) >= 20
    return found


def test_the_loader_installs_what_a_folder_requires(
    environment: Path, wheel: Path, sample_bundle_path: Path, tmp_path: Path
) -> None:
    """The library is not there when the operator is first called, and is when it answers."""
    from towhee_recsys.hub import export

    export(tmp_path / "towhee-home")
    printed = run(
        [str(environment), "-c", ENCODE, str(sample_bundle_path)],
        TOWHEE_HOME=str(tmp_path / "towhee-home"),
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=str(wheel.parent),
    )
    assert json.loads(printed.splitlines()[-1])[0] == [2, 256]
