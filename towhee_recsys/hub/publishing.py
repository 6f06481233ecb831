"""Publish a hub folder as a commit and a version tag in its git repository."""

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
_GIT_VARIABLES = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG"),
    *("GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"),
}
_LINK = re.compile(r"\]\((?:\.\./)+(operators/|pipelines/)?(\w+)\)")
"""A link to another hub folder, relative to this one."""


def publish(folder: Folder, remote: str, version: str = __version__) -> Outcome:
    """Push the folder's files to the branch ``main`` of its repository, tagged ``v<version>``.

    Files that are only in the repository are removed; its history stays. Publishing a version again
    changes nothing.

    Args:
        folder: the folder to publish.
        remote: the URL of all repositories, such as ``https://towhee.io/recsys``, to which
            ``/<repository>.git`` is added; or a URL with ``{repository}`` in place of the name.
        version: the version to tag.

    Raises:
        HubError: git is missing or fails, or this version was published with other files. Messages
            never contain credentials.
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
    """The files, with links to other folders changed to links to their repositories."""

    def link(match: re.Match[str]) -> str:
        kind = match[1] or f"{folder.kind}s/"
        return f"](../{match[2].replace('_', '-') if kind == 'operators/' else match[2]})"

    return {
        name: _LINK.sub(link, content.decode()).encode() if name.endswith(".md") else content
        for name, content in folder.files().items()
    }


def masked(text: str) -> str:
    """A text whose URLs have no credentials: the part before the last ``@`` and the query become
    ``***``."""
    text = re.sub(r"(\w://)\S*@", r"\1***@", text)
    return re.sub(r"(\w://[^\s?]*\?)[^\s'/]*", r"\1***", text)


def _replace(clone: Path, files: Mapping[str, bytes]) -> None:
    for path in clone.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in files.items():
        (clone / name).write_bytes(content)


def _git(clone: Path | None, *arguments: str) -> str:
    """Run git, and return what it prints. It does not prompt for a password, which comes from the
    URL or a credential helper."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=clone,
        env={**_environment(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())
        for argument in arguments:  # git repeats the URL
            output = output.replace(argument, masked(argument))
        raise HubError(f"git {arguments[0]} failed: {masked(output)}")
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    """The environment without the variables by which git finds a repository. Within a git hook they
    name another one."""
    return {name: value for name, value in os.environ.items() if name not in _GIT_VARIABLES}
