"""Find hub folders, and read their files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from towhee_recsys.errors import HubError

NAMESPACE = "recsys"
"""The hub's namespace of all folders."""

Kind: TypeAlias = Literal["operator", "pipeline"]


@dataclass(frozen=True)
class Folder:
    """An operator or pipeline in the form of Towhee's hub."""

    kind: Kind
    name: str
    """The name in Python, such as ``item_encoder``."""
    path: Path

    @property
    def repository(self) -> str:
        """The name of the hub's repository. Towhee expects hyphens in names of operators, and
        underscores in names of pipelines."""
        return self.name.replace("_", "-") if self.kind == "operator" else self.name

    @property
    def cached(self) -> Path:
        """The path below ``TOWHEE_HOME`` where Towhee's loader looks for the folder."""
        return Path(f"{self.kind}s", NAMESPACE, self.repository)

    def files(self) -> dict[str, bytes]:
        """Contents by file name.

        Raises:
            HubError: the folder has a folder in it, which the hub does not allow.
        """
        paths = sorted(path for path in self.path.iterdir() if not _is_leftover(path.name))
        inner = [path.name for path in paths if path.is_dir()]
        if inner:
            raise HubError(f"{self.path}: {inner[0]} is a folder; a hub folder holds files only")
        return {path.name: path.read_bytes() for path in paths}


def _is_leftover(name: str) -> bool:
    """True for files that Python, git, editors or the desktop leave behind."""
    return name == "__pycache__" or name.startswith(".") or name.endswith("~")


def folders(root: Path | None = None) -> list[Folder]:
    """All hub folders in `root`, operators first, sorted by name.

    Args:
        root: a folder with ``operators`` or ``pipelines`` or both, by default the library's own.

    Raises:
        HubError: there are no hub folders.
    """
    all_folders = [
        Folder(kind, path.name, path)
        for kind in get_args(Kind)
        for path in sorted(_place(kind, root).glob("*/"))
        if path.name.isidentifier() and not path.name.startswith("__")
    ]
    if not all_folders:
        raise HubError(f"{root}: there are no folders in operators/ or pipelines/")
    return all_folders


def _place(kind: Kind, root: Path | None) -> Path:
    if root is not None:
        return root / f"{kind}s"
    return Path(next(iter(import_module(f"{__package__}.{kind}s").__path__)))
