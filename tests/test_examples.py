"""The examples run in an empty folder, and the saved outputs of notebooks are those of a run.

As a script, this file runs and saves all notebooks, or the named ones::

    PYTHONPATH=. python tests/test_examples.py [4_what_the_model_learnt.ipynb]
"""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
TIMEOUT = 300
PICTURE = "image/png"

TITLES = {
    "own_pipeline.py": r"^The .+$",
    "own_tables.py": r"^A sunny song, no\. \d+$",
    "recommend.py": r"^1  \d\.\d\d  The .+ \(\d{4}\)$",
}
"""A line that each script prints."""

OF_A_MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|tmp|work|private|var|mnt|opt)/")
"""Absolute paths of the machine where a notebook was saved."""


def environment() -> dict[str, str]:
    """An environment with this repository's library, and without the user's settings."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("TOWHEE_RECSYS_")}
    return {**own, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def executed(notebook: Path, folder: Path) -> Any:
    """The notebook after a run in `folder`, without times."""
    document = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        document,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment())
    document.metadata["language_info"] = {"name": "python"}
    return document


def code(document: Any) -> list[Any]:
    return [cell for cell in document.cells if cell.cell_type == "code"]


def kinds(cell: Any) -> set[str]:
    """The kinds of a cell's outputs: ``stdout``, ``image/png`` and so on."""
    return {
        kind
        for output in cell.outputs
        for kind in ([output.name] if output.output_type == "stream" else output.get("data", {}))
    }


def complaints(document: Any) -> list[str]:
    """The output of a notebook's cells on stderr."""
    return [
        output.text
        for cell in code(document)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]


def texts(document: Any) -> str:
    """The text of all outputs of a notebook."""
    return "\n".join(
        str(part)
        for cell in code(document)
        for output in cell.outputs
        for part in [output.get("text", ""), *output.get("data", {}).values()]
    )


@pytest.mark.long
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_reproduces_its_saved_outputs(notebook: Path, tmp_path: Path) -> None:
    kept = nbformat.read(notebook, as_version=4)
    run = executed(notebook, tmp_path)
    assert not complaints(run)
    for cell, other in zip(code(kept), code(run), strict=True):
        assert kinds(cell) == kinds(other), f"saved before a change? {cell.source}"
    assert str(tmp_path) not in texts(run)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_contains_no_paths_and_times(notebook: Path) -> None:
    kept = nbformat.read(notebook, as_version=4)
    assert kept.metadata["kernelspec"]["name"] == "python3"
    assert [cell.execution_count for cell in code(kept)] == list(range(1, len(code(kept)) + 1))
    assert not any(cell.metadata for cell in kept.cells)
    assert not OF_A_MACHINE.search(texts(kept))
    for cell in code(kept):
        assert kinds(cell) or not re.search(r"\bprint\(|\.show\(", cell.source), cell.source


@pytest.mark.long
@pytest.mark.parametrize(("script", "title"), TITLES.items(), ids=TITLES)
def test_script_prints_titles(script: str, title: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / script)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(title, done.stdout, re.M), done.stdout
    assert len(set(done.stdout.splitlines())) >= 5


def test_readme_links_all_examples() -> None:
    assert [path.name for path in SCRIPTS] == sorted(TITLES)
    links = re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text("utf-8"))
    assert sorted(links) == sorted(path.name for path in [*NOTEBOOKS, *SCRIPTS])


def pack(document: Any) -> None:
    """Pack the pictures of a notebook more tightly, the same to the pixel.

    The version of Matplotlib is left out, as it changes their bytes and nothing that is seen.
    """
    for cell in code(document):
        for output in cell.outputs:
            if PICTURE in output.get("data", {}):
                raw = base64.b64decode(output.data[PICTURE])
                output.data[PICTURE] = base64.b64encode(packed(raw)).decode()


def packed(raw: bytes) -> bytes:
    """A PNG in fewer bytes and without texts in it. One that nothing shines through loses its alpha
    channel."""
    picture: Image.Image = Image.open(io.BytesIO(raw))
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    out = io.BytesIO()
    picture.info.clear()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def test_a_packed_picture_is_the_same_to_the_pixel() -> None:
    shades = np.arange(64 * 48 * 4, dtype=np.uint32).reshape(48, 64, 4) % 251
    for alpha in (255, 7):
        shades[..., 3] = alpha
        whole = io.BytesIO()
        info = PngInfo()
        info.add_text("Software", "Matplotlib version 1")
        Image.fromarray(shades.astype(np.uint8)).save(whole, "PNG", pnginfo=info)
        small = packed(whole.getvalue())
        assert b"Matplotlib" in whole.getvalue()
        assert b"Matplotlib" not in small
        again = np.asarray(Image.open(io.BytesIO(small)).convert("RGBA"))
        np.testing.assert_array_equal(again, shades)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_saved_pictures_are_packed(notebook: Path) -> None:
    kept = nbformat.read(notebook, as_version=4)
    for cell in code(kept):
        for output in cell.outputs:
            if PICTURE in output.get("data", {}):
                assert b"Matplotlib" not in base64.b64decode(output.data[PICTURE])


def save(notebook: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        document = executed(notebook, Path(folder))
    pack(document)
    nbformat.write(document, notebook)


if __name__ == "__main__":
    for path in [EXAMPLES / name for name in sys.argv[1:]] or NOTEBOOKS:
        save(path)
