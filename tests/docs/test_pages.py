"""The README and the pages of the documentation are true: what they show is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
TIMEOUT = 300
NOT_RUN = re.compile(r"#|make |pip |source ")
"""Lines of `bash` blocks that a test cannot run: comments, and what changes the environment."""
SERVERS = {"redis://localhost:6379": "redis_url"}
"""How pages name a server, and the fixture that starts one."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)


def commands(page: Path) -> list[str]:
    lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
    return [line for line in lines if line and not NOT_RUN.match(line)]


def run(command: list[str], place: Path) -> str:
    """What a command prints. It has no settings of the user's, and must not fail."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("TOWHEE_RECSYS_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=place,
        env={**own, "PATH": path},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_python(code: str, place: Path) -> str:
    return run([sys.executable, "-c", code.replace("/tmp/store", str(place / "store"))], place)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def tables(folder: Path) -> None:
    """Tables as the README's `dataset.yaml` describes them, and that file."""
    (folder / "dataset.yaml").write_text(blocks(README, "yaml")[0], "utf-8")
    users, items = range(1, 31), range(1, 25)
    (folder / "listeners.csv").write_text(
        "listener,country,age\n" + "".join(f"{u},{'AB'[u % 2]},{20 + u}\n" for u in users)
    )
    (folder / "tracks.csv").write_text(
        "track,title,tags,year\n"
        + "".join(f"{i},Song {i},{'loud' if i % 2 else 'quiet|slow'},{1990 + i}\n" for i in items)
    )
    (folder / "plays.csv").write_text(
        "listener,track,played_at\n"
        + "".join(
            f"{u},{(u + step) % 24 + 1},{1_700_000_000 + 60 * step}\n"
            for u in users
            for step in range(6 + u % 5)
        )
    )


@pytest.fixture(scope="session")
def first_screen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the README's Python was run as it stands, and what it printed."""
    place = tmp_path_factory.mktemp("readme")
    code = "\n".join(blocks(README, "python"))
    ten = 'print(*[film["title"] for film in p({"user_id": 42, "top_k": 10}).get()[0]], sep="\\n")'
    return place, run_python(f"{code}\n{ten}", place)


@pytest.fixture(scope="session")
def home(first_screen: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as readers of a page have it: the sample's model, filled stores, their own tables.

    The model is the one that the README trains, so that no page needs to train another.
    """
    place = tmp_path_factory.mktemp("home")
    for folder in ("bundle", "store", "milvus.db"):
        copied = shutil.copytree if (first_screen[0] / folder).is_dir() else shutil.copyfile
        copied(first_screen[0] / folder, place / folder)
    shutil.copytree(place / "bundle", place / "recsys-home" / "bundle")
    run(["towhee-recsys", "ingest"], place)
    tables(place)
    return place


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Path:
    """A copy of it for one page."""
    shutil.copytree(home, tmp_path / "page", ignore=shutil.ignore_patterns("*lock", "server.pid"))
    return tmp_path / "page"


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=name_of)
def test_commands_run_in_their_order(
    page: Path, place: Path, request: pytest.FixtureRequest
) -> None:
    for command in commands(page):
        if " train " in command and "--epochs" not in command:
            command = command.replace(" train ", " train --epochs 0.2 ", 1)
        run(["bash", "-c", with_servers(command, request)], place)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if blocks(p, "python") and p != README], ids=name_of
)
def test_python_runs(page: Path, place: Path, request: pytest.FixtureRequest) -> None:
    code = with_servers("\n".join(blocks(page, "python")), request)
    if code.count("redis://"):
        run(["towhee-recsys", "--store-url", request.getfixturevalue("redis_url"), "ingest"], place)
    assert run_python(code, place)


def with_servers(text: str, request: pytest.FixtureRequest) -> str:
    for url, fixture in SERVERS.items():
        if url in text:
            text = text.replace(url, request.getfixturevalue(fixture))
    return text


def test_the_output_of_the_readme_is_that_of_a_run(first_screen: tuple[Path, str]) -> None:
    """Line by line in shape. Titles may change places on another processor, whose sums round
    differently, so each must be among the ten best."""
    shown = blocks(README, "text")[0].splitlines()
    printed = first_screen[1].splitlines()
    line = re.compile(r"(\d)  (\d+\.\d\d)  (.+) \((\d{4})\)")
    best = printed[-10:]
    assert len(shown) == 5
    for rank, (said, true) in enumerate(zip(shown, printed, strict=False), start=1):
        one, other = line.fullmatch(said), line.fullmatch(true)
        assert one is not None, said
        assert other is not None, true
        assert int(one[1]) == int(other[1]) == rank
        assert abs(float(one[2]) - float(other[2])) < 1, (said, true)
        assert one[3] in best, f"{one[3]} is not recommended; a run prints {printed}"


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_every_description_of_tables_is_the_same() -> None:
    """The tests' tables fit it, and so every page's commands run on it."""
    described = [yaml.safe_load(block) for page in PAGES for block in blocks(page, "yaml")]
    assert len(described) >= 2
    assert all(one == described[0] for one in described)


def test_every_block_is_run_or_says_that_it_is_not_code() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(.*)$", page.read_text("utf-8"), re.M)[::2]
        known = {"bash", "python", "yaml", "text", "py", "{toctree}", "{eval-rst}"}
        assert set(fences) <= known, name_of(page)


def test_the_makefile_has_what_pages_call() -> None:
    text = "\n".join(page.read_text("utf-8") for page in [README, ROOT / "docs" / "quickstart.md"])
    for target in set(re.findall(r"`?\bmake (demo|test|docs)\b", text)):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
