"""A command's process shows the warnings that are for its user, and those that are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.long

PROGRAM = """
import warnings
from towhee_recsys.cli.process import configure

configure()
for module in ("towhee.runtime", "paddle", "towhee_recsys.datasets", "paddlefish"):
    warnings.warn_explicit(f"from {module}", UserWarning, "file.py", 1, module=module)
"""


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], ["towhee_recsys.datasets", "paddlefish"]),
        (["-W", "default"], ["towhee.runtime", "paddle", "towhee_recsys.datasets", "paddlefish"]),
    ],
)
def test_only_warnings_for_developers_are_hidden(options: list[str], shown: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *options, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    said = [line.split()[-1] for line in done.stderr.splitlines() if "UserWarning" in line]
    assert said == shown
