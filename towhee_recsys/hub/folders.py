"""A place with ``operators/`` and ``pipelines/`` → the hub folders in it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from towhee_recsys.errors import HubError

NAMESPACE = "recsys"
"""Under which all of them are published."""

Kind: TypeAlias = Literal["operator", "pipeline"]


@dataclass(frozen=True)
class Folder:
    """One operator or pipeline in the hub's form."""

    kind: Kind
    name: str
    """As in Python: ``item_encoder``."""
    path: Path

    @property
    def repository(self) -> str:
        """The hub's name for it: hyphenated for operators, and as it is for pipelines, which is how
        Towhee asks for them."""
        return self.name.replace("_", "-") if self.kind == "operator" else self.name

    @property
    def cached(self) -> Path:
        """Where Towhee's loader looks for it, below ``TOWHEE_HOME``."""
        return Path(f"{self.kind}s", NAMESPACE, self.repository)

    def files(self) -> dict[str, bytes]:
        """Contents by name.

        Raises:
            HubError: there is a folder within, which the hub's form does not have.
        """
        found = sorted(path for path in self.path.iterdir() if not _left_behind(path.name))
        inner = [path.name for path in found if path.is_dir()]
        if inner:
            raise HubError(f"{self.path}: {inner[0]} is a folder; a hub folder holds files only")
        return {path.name: path.read_bytes() for path in found}


def _left_behind(name: str) -> bool:
    """By Python, git, editors or the desktop."""
    return name == "__pycache__" or name.startswith(".") or name.endswith("~")


def folders(root: Path | None = None) -> list[Folder]:
    """All hub folders of a place, operators first, in the order of their names.

    Args:
        root: holds ``operators`` or ``pipelines`` or both; by default the library's own.

    Raises:
        HubError: there are none.
    """
    found = [
        Folder(kind, path.name, path)
        for kind in get_args(Kind)
        for path in sorted(_place(kind, root).glob("*/"))
        if path.name.isidentifier() and not path.name.startswith("__")
    ]
    if not found:
        raise HubError(f"{root}: there are no folders in operators/ or pipelines/ there")
    return found


def _place(kind: Kind, root: Path | None) -> Path:
    if root is not None:
        return root / f"{kind}s"
    return Path(next(iter(import_module(f"{__package__}.{kind}s").__path__)))
