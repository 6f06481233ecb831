"""Names are imported when first used, so that a config is read without Paddle."""

from __future__ import annotations

import subprocess
import sys

import pytest

import towhee_recsys.model as model


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Tower'"):
        model.Tower  # noqa: B018


def test_config_does_not_import_paddle() -> None:
    program = (
        "import sys, towhee_recsys.model; towhee_recsys.model.ModelConfig();"
        "raise SystemExit('paddle' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
