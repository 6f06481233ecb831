"""A hub folder → a commit and a version tag in a git repository of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from towhee_recsys._version import __version__
from towhee_recsys.errors import HubError
from towhee_recsys.hub.folders import Folder

Outcome: TypeAlias = Literal["published", "unchanged"]

BRANCH = "main"
_OF_A_REPOSITORY = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG"),
    *("GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"),
}
_LINK = re.compile(r"\]\((?:\.\./)+(operators/|pipelines/)?(\w+)\)")
"""To another folder, from its place beside this one."""


def publish(folder: Folder, remote: str, version: str = __version__) -> Outcome:
    """Push the folder's files to the branch ``main`` of its repository, tagged ``v<version>``.

    Files that the repository has and the folder has not are removed there; its history stays. To
    publish the same version again changes nothing.

    Args:
        folder: what to publish.
        remote: URL of the repositories' common place, as in ``https://towhee.io/recsys``, to which
            ``/<repository>.git`` is added; or with ``{repository}`` where the name belongs.
        version: of the tag.

    Raises:
        HubError: git is not there or fails, or that version has been published with other files.
            Messages never hold credentials of the URL.
    """
    if shutil.which("git") is None:
        raise HubError("publishing needs git, which is not installed")
    url = address(folder, remote)
    with tempfile.TemporaryDirectory(prefix="towhee_recsys-") as scratch:
        clone = Path(scratch, folder.repository)
        _git(None, "clone", "--quiet", url, str(clone))
        has_branch = bool(_git(clone, "ls-remote", "--heads", "origin", BRANCH))
        _git(clone, "checkout", "--quiet", *([BRANCH] if has_branch else ["-B", BRANCH]))
        _replace(clone, _linked(folder))
        _git(clone, "add", "--all", "--force")
        tag = f"v{version}"
        if _git(clone, "tag", "--list", tag):
            if _git(clone, "diff", "--cached", "--name-only", tag):
                raise HubError(
                    f"{masked(url)} has a {tag} with other files; publish these as another version"
                )
            return "unchanged"
        if _git(clone, "status", "--porcelain"):
            _git(clone, "commit", "--quiet", "--message", f"Version {version}")
        _git(clone, "tag", tag)
        _git(clone, "push", "--quiet", "--atomic", "origin", BRANCH, tag)
    return "published"


def address(folder: Folder, remote: str) -> str:
    """The URL of the folder's repository."""
    if "{repository}" in remote:
        return remote.replace("{repository}", folder.repository)
    return f"{remote.rstrip('/')}/{folder.repository}.git"


def _linked(folder: Folder) -> dict[str, bytes]:
    """The files, with a README that leads to the repositories beside where it led to folders."""

    def link(found: re.Match[str]) -> str:
        kind = found[1] or f"{folder.kind}s/"
        return f"](../{found[2].replace('_', '-') if kind == 'operators/' else found[2]})"

    return {
        name: _LINK.sub(link, content.decode()).encode() if name.endswith(".md") else content
        for name, content in folder.files().items()
    }


def masked(text: str) -> str:
    """A text without the credentials of the URLs in it: what is before the last ``@``, and the
    values of a query."""
    text = re.sub(r"(\w://)\S*@", r"\1***@", text)
    return re.sub(r"(\w://[^\s?]*\?)[^\s'/]*", r"\1***", text)


def _replace(clone: Path, files: Mapping[str, bytes]) -> None:
    for path in clone.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in files.items():
        (clone / name).write_bytes(content)


def _git(clone: Path | None, *arguments: str) -> str:
    """What git prints. It asks nobody for a password: a helper of git's own or the URL has it."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=clone,
        env={**_environment(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        for argument in arguments:  # git repeats the URL
            said = said.replace(argument, masked(argument))
        raise HubError(f"git {arguments[0]} failed: {masked(said)}")
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    """Without what binds git to a repository, as it is within a hook: that would be another one."""
    return {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
