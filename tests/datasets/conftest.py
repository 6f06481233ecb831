"""Archives made on the spot, and the real one where it lies beside the project."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ML_1M = Path(__file__).parents[2] / ".." / "shared" / "data" / "ml-1m.zip"

MakeZip = Callable[[str, dict[str, bytes]], Path]


@pytest.fixture
def make_zip(tmp_path: Path) -> MakeZip:
    def make(name: str, files: dict[str, bytes]) -> Path:
        path = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, data in files.items():
                archive.writestr(f"{name}/{file}", data)
        return path

    return make


@pytest.fixture(scope="session")
def ml_1m() -> Path:
    if not ML_1M.is_file():
        pytest.skip(
            "needs MovieLens 1M at ../shared/data/ml-1m.zip, which the project cannot carry"
        )
    return ML_1M
