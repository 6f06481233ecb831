"""How Sphinx builds this folder: `make docs`, or ``sphinx-build -W -n docs site``."""

from __future__ import annotations

import inspect
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


def setup(app: Any) -> None:
    app.connect("autodoc-process-signature", _no_fields)
    app.connect("autodoc-skip-member", _no_machinery)
