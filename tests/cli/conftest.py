"""Homes that the tests of all commands share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fixtures.commands import document, invoke

from towhee_recsys import Bundle


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained and ingested by commands in processes of their own."""
    home = tmp_path_factory.mktemp("cli") / "home"
    trained = document(home, "train", "--data", "sample", "--epochs", "1")
    assert trained["bundle"] == str(home / "bundle")
    assert trained["report"] == str(home / "report" / "index.html")
    assert trained["fingerprint"] == Bundle.load(home / "bundle").fingerprint
    assert trained["validation"]["hr@10"] > 0
    report = document(home, "ingest")
    assert report["fingerprint"] == trained["fingerprint"]
    assert (report["items"], report["users"]) == (300, 400)
    return home


@pytest.fixture(scope="session")
def trained(sample_bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model and nothing else."""
    home = tmp_path_factory.mktemp("trained")
    shutil.copytree(sample_bundle_path, home / "bundle")
    return home


@pytest.fixture(scope="session")
def ingested(
    trained: Path, sample_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same, ingested within this process."""
    home = Path(shutil.copytree(trained, tmp_path_factory.mktemp("ingested") / "home"))
    result = invoke(home, "ingest", "--data", "sample")
    assert "300 items, 400 users and" in result.stdout
    assert sample_bundle.fingerprint in result.stdout
    return home
