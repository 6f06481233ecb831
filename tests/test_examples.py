"""The examples run in an empty folder, and what the notebooks keep is what a run gives.

Run as a script, this file saves the notebooks anew, or those that are named::

    PYTHONPATH=. python tests/test_examples.py [4_what_the_model_learnt.ipynb]
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
TIMEOUT = 300

OF_A_MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|tmp|work|private|var|mnt|opt)/")
"""How absolute paths begin that would tell of the machine where a notebook was saved."""


def environment() -> dict[str, str]:
    """One in which the library of this repository is found, and no settings of the user's."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("TOWHEE_RECSYS_")}
    return {**own, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def executed(notebook: Path, folder: Path) -> Any:
    """The notebook after a run from top to bottom in `folder`, without traces of the run's time."""
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
    """Of a cell's outputs: ``stdout``, ``image/png`` and so on."""
    return {
        kind
        for output in cell.outputs
        for kind in ([output.name] if output.output_type == "stream" else output.get("data", {}))
    }


def texts(document: Any) -> str:
    """All that a notebook's outputs say."""
    return "\n".join(
        str(part)
        for cell in code(document)
        for output in cell.outputs
        for part in [output.get("text", ""), *output.get("data", {}).values()]
    )


def shows_something(source: str) -> bool:
    """Does the cell print, draw, or end with a value?"""
    body = ast.parse(source).body
    calls = {node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
    prints = any(isinstance(name, ast.Name) and name.id == "print" for name in calls)
    return prints or isinstance(body[-1], ast.Expr)


