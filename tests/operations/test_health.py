"""Status and health are looked up without Towhee and Paddle, and leave nothing open."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fixtures.stack import Stack
from services.processes import free_port

from towhee_recsys import Dataset
from towhee_recsys.operations.doctor import examine
from towhee_recsys.operations.home import Home
from towhee_recsys.operations.status import status


@pytest.fixture(scope="module")
def home(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Home:
    """A home that holds the ingested sample."""
    folder = tmp_path_factory.mktemp("health")
    shutil.copytree(sample_bundle_path, folder / "bundle")
    home = Home(folder)
    Stack(folder, home.bundle, store_url=home.store_url).ingest(sample_dataset)
    return home


LOOK = """
import json, sys
from pathlib import Path
from towhee_recsys.operations.doctor import examine
from towhee_recsys.operations.home import Home
from towhee_recsys.operations.status import status

home = Home(Path(sys.argv[1]))
found, checks = status(home), [vars(check) for check in examine(home)]
heavy = [name for name in ("towhee", "paddle") if name in sys.modules]
print(json.dumps([found, checks, heavy]))
"""


def test_neither_towhee_nor_paddle_is_imported(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOOK, str(home.folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found, checks, heavy = json.loads(done.stdout)
    assert heavy == []
    assert (found["items"], found["users"], found["note"]) == (300, 400, None)
    assert all(check["ok"] for check in checks)
    assert checks[-1]["name"] == "fit"


def test_nothing_stays_open(home: Home) -> None:
    before = set(psutil.Process().children())
    status(home)  # what the first call imports and keeps
    files = psutil.Process().num_fds()
    for _ in range(3):
        assert status(home)["index"] == status(home)["fingerprint"]
        assert all(check.ok for check in examine(home))
    started = set(psutil.Process().children()) - before
    _, alive = psutil.wait_procs(started, timeout=60)
    assert not alive
    assert psutil.Process().num_fds() <= files
    holder = "import sys; from pymilvus import MilvusClient; MilvusClient(sys.argv[1])"
    command = [sys.executable, "-W", "ignore", "-c", holder, home.milvus_uri]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # nobody holds the file


def test_an_index_of_another_model_does_not_fit(home: Home, tmp_path: Path) -> None:
    other = Home(Path(shutil.copytree(home.folder, tmp_path / "other")))
    with other.open_index() as index:
        name = index.create("00000000", int, {})
        index.publish(name)
    checks = {check.name: check for check in examine(other)}
    assert not checks["fit"].ok
    assert "the index holds vectors of model 00000000" in checks["fit"].detail


def test_status_masks_passwords(tmp_path: Path) -> None:
    home = Home(tmp_path, store=f"redis://user:secret@127.0.0.1:{free_port()}/0")
    found = status(home)
    assert found["store_url"].startswith("redis://user:***@127.0.0.1:")
    assert "does not answer" in found["note"]
    assert "secret" not in str(found)
