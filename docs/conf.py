"""How Sphinx builds this folder: `make docs`, or ``sphinx-build -W -n docs site``."""

from __future__ import annotations

import html
import inspect
import re
import subprocess
import sys
from typing import Any

from pydantic import BaseModel

from towhee_recsys import __version__

project = "towhee_recsys"
author = "the towhee_recsys developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns: list[str] = []
html_theme = "furo"
html_title = f"towhee_recsys {__version__}"
html_show_copyright = False
html_copy_source = False

myst_heading_anchors = 3  # so that a link to a heading is checked too
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]  # a `…` in a JSON or bash block

default_role = "code"  # docstrings write `name` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": False}

# Names in signatures that belong to other libraries, whose pages a build without a network does
# not know, or to modules that this site has no page of.
nitpick_ignore_regex = [("py:.*", ".*")]


def _no_fields(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: Any, returns: Any
) -> tuple[str, str] | None:
    """A config is shown without its signature: its fields follow, with defaults and texts."""
    if what == "class" and inspect.isclass(obj) and issubclass(obj, BaseModel):
        return "", ""
    return None


def _no_machinery(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool:
    """What pydantic and the standard library give a class is not part of the reference."""
    if name in ("model_config", "model_post_init", "model_computed_fields", "model_fields"):
        return True
    module = getattr(obj, "__module__", None) or ""
    return skip or module.startswith(("pydantic", "builtins"))


def _with_options(app: Any, page: str, source: list[str]) -> None:
    """The page of commands ends with the help of all commands, as the command line has it."""
    if page == "commands":
        source[0] += f"\n## All options\n\n{_options()}"


def _options() -> str:
    """Typer's own description of the commands, one heading deeper, without what all share."""
    typer = [sys.executable, "-m", "typer", "towhee_recsys.cli", "utils", "docs"]
    command = [*typer, "--name", "towhee-recsys"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = re.sub(r"<span [^>]*>(.*?)</span>", r"**\1**", html.unescape(text))
    text = re.sub(r"^\* `--help`.*\n", "", text, flags=re.M)
    text = re.sub(r"^\*\*Options\*\*:\n\n(?!\*)", "", text, flags=re.M)
    text = text.partition("\n## ")[2]  # the program's own options are said above
    return re.sub(r"^#+ ", lambda found: f"#{found[0]}", f"## {text}", flags=re.M)


def setup(app: Any) -> None:
    app.connect("source-read", _with_options)
    app.connect("autodoc-process-signature", _no_fields)
    app.connect("autodoc-skip-member", _no_machinery)
