"""The package names what it has, and a config is read without Paddle."""

from __future__ import annotations

import subprocess
import sys

import pytest

import towhee_recsys.model as model


def test_every_exported_name_is_there() -> None:
    for name in model.__all__:
        assert getattr(model, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Tower'"):
        model.Tower  # noqa: B018


def test_a_config_needs_no_paddle() -> None:
    program = (
        "import sys, towhee_recsys.model; towhee_recsys.model.ModelConfig();"
        "raise SystemExit('paddle' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
