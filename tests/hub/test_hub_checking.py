"""A broken folder is reported precisely; exporting and publishing leave nothing behind or out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from towhee_recsys.cli import app
from towhee_recsys.errors import HubError
from towhee_recsys.hub import Folder, check, export, folders, publish
from towhee_recsys.hub.publishing import masked

OPERATOR, PIPELINE = "item_encoder", "recommend"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of one operator and one pipeline, to be broken."""
    for folder in folders():
        if folder.name in (OPERATOR, PIPELINE):
            shutil.copytree(folder.path, tmp_path / "own" / f"{folder.kind}s" / folder.name)
    return tmp_path / "own"


def change(name: str, before: str, after: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        text = (path / name).read_text()
        assert before in text
        (path / name).write_text(text.replace(before, after, 1))

    return apply


def remove(name: str) -> Callable[[Path], None]:
    return lambda path: (path / name).unlink()


BROKEN = [
    (OPERATOR, remove("README.md"), "README.md is missing"),
    (OPERATOR, remove("__init__.py"), "__init__.py is missing"),
    (OPERATOR, remove("item_encoder.py"), "item_encoder.py is missing"),
    (OPERATOR, remove("requirements.txt"), "requirements.txt is missing"),
    (PIPELINE, remove("recommend.py"), "recommend.py is missing"),
    (
        OPERATOR,
        change("requirements.txt", "towhee_recsys", "towhee_recsys\n"),
        "requirements.txt: one requirement, on one line, without a newline at its end",
    ),
    (
        OPERATOR,
        change("requirements.txt", "towhee_recsys", "numpy\ntowhee_recsys"),
        "requirements.txt: one requirement",
    ),
    (
        OPERATOR,
        change("requirements.txt", "towhee_recsys", "no-such-package-anywhere"),
        "requirements.txt: no-such-package-anywhere is not installed; Towhee would pip install",
    ),
    (
        OPERATOR,
        change("requirements.txt", "towhee_recsys", "towhee recsys"),
        "requirements.txt: 'towhee recsys' is no requirement",
    ),
    (
        OPERATOR,
        change("README.md", "## Interface", "## Usage"),
        "README.md: the sections are Description, Code Example, Factory Constructor, Usage, More",
    ),
    (
        OPERATOR,
        change("README.md", "fingerprint=None)***", "fingerprint='')***"),
        "README.md: the constructor is recsys.item_encoder(bundle, fingerprint=None), not",
    ),
    (
        OPERATOR,
        change("README.md", "***bundle:*** *str*", "***bundle:*** *int*"),
        "README.md: the constructor's parameters are bundle: str; fingerprint: str | None, not "
        "bundle: int; fingerprint: str | None",
    ),
    (
        OPERATOR,
        change("README.md", "***items:***", "***records:***"),
        "README.md: it is called with items, not records",
    ),
    (
        OPERATOR,
        change("README.md", "**Returns:**", "**Gives:**"),
        "README.md: Interface does not say what goes in and what comes out",
    ),
    (
        OPERATOR,
        change("README.md", "encode = ops.recsys.item_encoder(", "encode = = ("),
        "README.md: the code example is not Python: ",
    ),
    (
        OPERATOR,
        change("README.md", 'item_encoder(bundle="recsys-home/bundle")', 'item_encoder(model="b")'),
        "unexpected keyword argument 'model'",
    ),
    (
        OPERATOR,
        change("__init__.py", "def item_encoder", "def encoder"),
        "__init__.py has no function item_encoder that makes the operator",
    ),
    (
        OPERATOR,
        change("item_encoder.py", "import ItemEncoder", "import ItemEncoderr"),
        "Towhee's loader fails: ",
    ),
    (OPERATOR, change("__init__.py", "return", "give back"), "Towhee's loader fails: "),
    (
        OPERATOR,
        change("__init__.py", "def", "raise SystemExit(3)\n\n\ndef"),
        "fails: SystemExit: 3",
    ),
    (
        OPERATOR,
        lambda path: (path / "README.md").write_bytes(b"\xff"),
        "README.md is not text in UTF-8: ",
    ),
    (
        PIPELINE,
        change("recommend.py", "AutoPipes.register(recommend)", ""),
        "recommend.py registers no pipeline with AutoPipes",
    ),
    (
        PIPELINE,
        change("recommend.py", "AutoConfig.register(RecommendConfig.draft)", ""),
        "recommend.py registers no config with AutoConfig",
    ),
    (PIPELINE, change("recommend.py", "import RecommendConfig", "import Konfig"), "loader fails"),
    (
        PIPELINE,
        change("README.md", "top_k=10, ", "top_k=20, "),
        "README.md: the constructor is RecommendConfig(bundle, milvus_uri, store_url, connections",
    ),
    (
        PIPELINE,
        change("README.md", "***min_score:*** *float | None*", "***min_score:*** *float*"),
        "README.md: the constructor's parameters are ",
    ),
]


@pytest.mark.parametrize(("name", "damage", "message"), BROKEN, ids=[m for *_, m in BROKEN])
def test_what_is_broken_is_said(
    place: Path, name: str, damage: Callable[[Path], None], message: str
) -> None:
    (folder,) = (one for one in folders(place) if one.name == name)
    assert check(folder) == []
    damage(folder.path)
    problems = check(folder)
    assert len(problems) == 1
    assert message in problems[0]


def test_the_command_names_the_folder_and_fails(place: Path) -> None:
    (place / "operators" / OPERATOR / "README.md").unlink()
    done = CliRunner().invoke(app, ["hub", "check", "--from", str(place)])
    assert done.exit_code == 1
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert lines == [
        "FAIL operators/item_encoder",
        "     README.md is missing",
        "ok   pipelines/recommend",
    ]
    done = CliRunner().invoke(app, ["hub", "check", "recommend", "--from", str(place), "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"pipelines/recommend": []})


def test_what_is_not_there_is_said(place: Path, tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"there are no folders in operators/ or pipelines/"):
        folders(tmp_path)
    done = CliRunner().invoke(app, ["hub", "list", "--from", str(tmp_path)])
    assert (done.exit_code, done.stderr.startswith("Error: ")) == (1, True)
    done = CliRunner().invoke(app, ["hub", "check", "recomend", "--from", str(place)])
    assert done.exit_code == 1
    known = "there are operators/item_encoder, pipelines/recommend"
    assert f"there is no folder recomend; {known}" in done.stderr
    done = CliRunner().invoke(app, ["hub", "check", "operators/recommend", "--from", str(place)])
    assert f"there is no folder operators/recommend; {known}" in done.stderr
    done = CliRunner().invoke(app, ["hub", "check", "pipelines/recommend/", "--from", str(place)])
    assert done.stdout.split() == ["ok", "pipelines/recommend"]


def test_list() -> None:
    done = CliRunner().invoke(app, ["hub", "list", "--json"])
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert found["recsys/item_encoder"]["title"] == "Item Encoder"
    assert "recsys/item_encoder" in CliRunner().invoke(app, ["hub", "list"]).stdout


# Export


def test_export_lays_folders_as_towhee_caches_them(tmp_path: Path) -> None:
    stranger = tmp_path / "operators" / "towhee" / "clip" / "versions" / "main" / "clip.py"
    stale = tmp_path / "operators" / "recsys" / "item-encoder" / "versions" / "main" / "old.py"
    for path in (stranger, stale):
        path.parent.mkdir(parents=True)
        path.write_text("pass")
    done = CliRunner().invoke(app, ["hub", "export", str(tmp_path)])
    assert done.exit_code == 0, done.stderr
    assert stranger.exists()
    assert sorted(path.name for path in stale.parent.iterdir()) == [
        "README.md",
        "__init__.py",
        "item_encoder.py",
        "requirements.txt",
    ]
    assert (tmp_path / "pipelines/recsys/similar_items/versions/main/similar_items.py").is_file()
    (item_encoder,) = (one for one in folders() if one.name == "item_encoder")
    assert (stale.parent / "README.md").read_bytes() == (
        item_encoder.path / "README.md"
    ).read_bytes()


def test_a_folder_within_is_refused(place: Path, tmp_path: Path) -> None:
    (place / "operators" / OPERATOR / "weights").mkdir()
    with pytest.raises(HubError, match="weights is a folder; a hub folder holds files only"):
        export(tmp_path / "out", folders(place))


# Publish


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Bare repositories on disk, as the hub has them before the first push."""
    for variable in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{variable}_NAME", "tests")
        monkeypatch.setenv(f"GIT_{variable}_EMAIL", "tests@example.org")
    for name in ("item-encoder", "recommend"):
        path = tmp_path / "remote" / f"{name}.git"
        subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return tmp_path / "remote"


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def operator(place: Path) -> Folder:
    return next(one for one in folders(place) if one.name == OPERATOR)


def test_publishing(place: Path, operator: Folder, remote: Path) -> None:
    repository, url = remote / "item-encoder.git", remote.as_uri()
    assert publish(operator, url, "1.0") == "published"
    listed = git(repository, "ls-tree", "--name-only", "v1.0").split()
    assert listed == ["README.md", "__init__.py", "item_encoder.py", "requirements.txt"]
    page = git(repository, "show", "main:README.md")
    assert "](../user-encoder)" in page
    assert "](../ingest)" in page
    kept = git(repository, "show", "main:requirements.txt")
    assert kept == (operator.path / "requirements.txt").read_text()
    first = git(repository, "rev-parse", "main")
    assert publish(operator, url, "1.0") == "unchanged"
    assert git(repository, "rev-parse", "main") == first
    (operator.path / "README.md").write_text("changed")
    with pytest.raises(HubError, match=r"has a v1\.0 with other files; publish these as another"):
        publish(operator, url, "1.0")
    assert git(repository, "rev-parse", "main") == first
    assert publish(operator, f"{url}/{{repository}}.git", "1.1") == "published"
    assert git(repository, "log", "--format=%s", "main").splitlines() == [
        "Version 1.1",
        "Version 1.0",
    ]
    assert git(repository, "tag").split() == ["v1.0", "v1.1"]
    assert git(repository, "show", "main:README.md") == "changed"


def test_publishing_all_by_command(place: Path, remote: Path) -> None:
    command = ["hub", "publish", "--remote", remote.as_uri(), "--from", str(place)]
    done = CliRunner().invoke(app, [*command, "--version", "2.0"])
    assert done.exit_code == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["published"] * 2
    assert git(remote / "recommend.git", "tag") == "v2.0"
    (place / "operators" / OPERATOR / "README.md").unlink()
    done = CliRunner().invoke(app, [*command, "--version", "3.0"])
    assert done.exit_code == 1
    assert "nothing was published: item_encoder: README.md is missing" in done.stderr
    assert git(remote / "recommend.git", "tag") == "v2.0"


def test_publishing_from_within_a_git_hook(
    operator: Folder, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git names the repository of the hook in the environment: not that one is meant."""
    own = tmp_path / "own-project"
    subprocess.run(["git", "init", "--quiet", str(own)], check=True)
    monkeypatch.setenv("GIT_DIR", str(own / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(own / ".git" / "index"))
    assert publish(operator, remote.as_uri(), "1.0") == "published"
    monkeypatch.delenv("GIT_DIR")
    assert git(remote / "item-encoder.git", "tag") == "v1.0"
    assert git(own / ".git", "tag") == ""


def test_a_repository_that_is_not_there(operator: Folder, tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"git clone failed: .*item-encoder\.git"):
        publish(operator, tmp_path.as_uri(), "1.0")


def test_credentials_are_never_shown(operator: Folder, place: Path) -> None:
    remote = "http://me:s3cret@127.0.0.1:1/recsys"
    with pytest.raises(HubError) as caught:
        publish(operator, remote, "1.0")
    assert "s3cret" not in str(caught.value)
    done = CliRunner().invoke(app, ["hub", "publish", "--remote", remote, "--from", str(place)])
    assert done.exit_code == 1
    assert "s3cret" not in done.stdout + done.stderr
    assert masked("https://tok3n@h/x and http://a:b@h") == "https://***@h/x and http://***@h"
    for remote in ("http://u:pa/s3cret@127.0.0.1:1/x", "http://127.0.0.1:1/x?private_token=s3cret"):
        with pytest.raises(HubError) as caught:
            publish(operator, remote, "1.0")
        assert "s3cret" not in str(caught.value)


def test_without_git(operator: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(HubError, match="needs git, which is not installed"):
        publish(operator, "file:///x", "1.0")
