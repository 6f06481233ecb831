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

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [README, *DOCS]
TIMEOUT = 300
NOT_RUN = re.compile(r"#|make |pip |source ")
"""Lines of `bash` blocks that a test cannot run: comments, and what changes the environment."""
SERVERS = {"redis://localhost:6379": "redis_url"}
"""How pages name a server, and the fixture that starts one."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)


def commands(page: Path) -> list[str]:
    """What a page has to type, without the comments beside it."""
    lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
    typed = [re.sub(r"\s+# .*", "", line) for line in lines]
    return [line for line in typed if line and not NOT_RUN.match(line)]


def shortened(text: str) -> str:
    """The same with less training."""
    if "epochs" not in text:
        text = text.replace("towhee-recsys train ", "towhee-recsys train --epochs 0.2 ")
        text = re.sub(r"(towhee-recsys --home \w+ train) ", r"\1 --epochs 0.2 ", text)
    return text.replace("epochs=1)", "epochs=0.2)")


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


def outputs(page: Path, language: str) -> list[tuple[str, list[str]]]:
    """Blocks of code, each with the lines of the output that the page shows right after it."""
    pair = rf"^```{language}\n((?:(?!^```).*\n)*?)^```\n\n^```text\n((?:(?!^```).*\n)*?)^```"
    return [
        (code, text.splitlines()) for code, text in re.findall(pair, page.read_text("utf-8"), re.M)
    ]


def assert_shown(lines: list[str], printed: str) -> None:
    """The lines are printed in this order, perhaps among others."""
    rest = iter(line.rstrip() for line in printed.splitlines())
    for line in lines:
        if line == "…":
            continue  # something is left out on the page
        assert line in rest, f"not printed, or not here: {line!r}\n{printed}"


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
def readme(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the README was followed: its Python as it stands, then its commands in
    their order. And what its Python printed, with the ten best titles after that."""
    place = tmp_path_factory.mktemp("readme")
    code = "\n".join(blocks(README, "python"))
    ten = (
        "with recommend(RecommendConfig(**where, top_k=10)) as p:\n"
        '    print(*[film["title"] for film in p(42).get()[0]], sep="\\n")'
    )
    printed = run_python(f"{code}\n{ten}", place)
    tables(place)
    for command in commands(README):
        run(["bash", "-c", shortened(command)], place)
    return place, printed


@pytest.fixture
def place(readme: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it, for one page: there are models, filled stores and the reader's own tables."""
    page = tmp_path / "page"
    shutil.copytree(readme[0], page, ignore=shutil.ignore_patterns("*lock", "server.pid"))
    return page


def test_the_readme_can_be_followed(readme: tuple[Path, str]) -> None:
    assert len(commands(README)) >= 12
    assert {"bundle", "milvus.db", "music", "recsys-home"} <= {p.name for p in readme[0].iterdir()}


@pytest.mark.parametrize("page", [p for p in DOCS if commands(p)], ids=name_of)
def test_commands_run_in_their_order(
    page: Path, place: Path, request: pytest.FixtureRequest
) -> None:
    """What the README has too was run there, and its effect is here; until a page trains a model of
    its own, for which it is run again."""
    trained = False
    for command in commands(page):
        if trained or command not in commands(README):
            run(["bash", "-c", with_servers(shortened(command), request)], place)
            trained = trained or " train " in command


@pytest.mark.parametrize("page", [p for p in DOCS if blocks(p, "python")], ids=name_of)
def test_python_runs(page: Path, place: Path, request: pytest.FixtureRequest) -> None:
    code = "\n".join(blocks(page, "python"))
    if any(url in code for url in SERVERS):
        fill = "towhee-recsys --store-url redis://localhost:6379 ingest"
        run(["bash", "-c", with_servers(fill, request)], place)
    printed = run_python(with_servers(shortened(code), request), place)
    assert printed
    assert_shown([line for _, lines in outputs(page, "python") for line in lines], printed)


@pytest.mark.parametrize("page", [p for p in DOCS if outputs(p, "bash")], ids=name_of)
def test_shown_output_of_commands_is_that_of_a_run(page: Path, place: Path) -> None:
    for code, lines in outputs(page, "bash"):
        assert_shown(lines, run(["bash", "-c", f"exec 2>&1\n{shortened(code)}"], place))


def with_servers(text: str, request: pytest.FixtureRequest) -> str:
    for url, fixture in SERVERS.items():
        if url in text:
            text = text.replace(url, request.getfixturevalue(fixture))
    return text


def test_the_output_of_the_readme_is_that_of_a_run(readme: tuple[Path, str]) -> None:
    """Line by line in shape. Titles may change places on another processor, whose sums round
    differently, so each must be among the ten best."""
    shown = blocks(README, "text")[0].splitlines()
    printed = readme[1].splitlines()
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
    """The tests' tables fit it, and so every page's commands run on it. Others begin with a comment
    that names their file; `test_described_tables` reads them."""
    found = [block for page in PAGES for block in blocks(page, "yaml")]
    described = [yaml.safe_load(block) for block in found if not block.startswith("# ")]
    assert len(described) >= 2
    assert all(one == described[0] for one in described)


def test_every_block_is_run_or_says_that_it_is_not_code() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(.*)$", page.read_text("utf-8"), re.M)[::2]
        known = {"bash", "python", "yaml", "text", "py", "{toctree}", "{eval-rst}"}
        assert set(fences) <= known, name_of(page)


def test_the_makefile_has_what_pages_call() -> None:
    text = "\n".join(page.read_text("utf-8") for page in [*PAGES, ROOT / "CONTRIBUTING.md"])
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M))
    assert targets == {"demo", "check", "test", "test-slow", "docs"}
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
