"""The site builds without a warning, and links that readers of the repository follow are there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from inspect import isclass, isfunction
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "docs"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FROM_ELSEWHERE = re.compile(r"""<(?:script|link|img)[^>]+(?:src|href)=["']?(?:https?:)?//""")


def build(sources: Path, site: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("sphinx", reason="needs the extra docs: pip install '.[docs]'")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(sources), str(site)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(SOURCES, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    for page in SOURCES.rglob("*.md"):
        assert (site / page.relative_to(SOURCES)).with_suffix(".html").is_file()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert not FROM_ELSEWHERE.search(page.read_text("utf-8")), page.name


def test_all_commands_and_options_are_described(site: Path) -> None:
    page = (site / "commands.html").read_text("utf-8")
    help_text = subprocess.run(
        [sys.executable, "-m", "towhee_recsys.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"NO_COLOR": "1", "COLUMNS": "100", "PATH": ""},
    ).stdout
    names = re.findall(r"^│ (\w+) ", help_text.partition("Commands")[2], re.M)
    assert len(names) > 10
    for name in names:
        assert f'id="towhee-recsys-{name}"' in page
    for option in ("--time-budget", "--calibrate", "--baselines", "--remote"):
        assert option in page


def test_the_reference_has_the_public_names(site: Path) -> None:
    import towhee_recsys
    from towhee_recsys import datasets, errors, pipelines

    reference = "".join(page.read_text("utf-8") for page in (site / "python").glob("*.html"))
    for package in (towhee_recsys, datasets, errors, pipelines):
        for name in package.__all__:
            if not (isclass(getattr(package, name)) or isfunction(getattr(package, name))):
                continue
            described = re.search(rf'id="towhee_recsys[\w.]*\.{name}"', reference)
            assert described, f"{package.__name__}.{name} is not in the reference"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("[nowhere](nowhere.md)", "nowhere"),
        ("[no heading](index.md#no-such-heading)", "no-such-heading"),
        ("```{eval-rst}\n.. autofunction:: towhee_recsys.no_such_name\n```", "no_such_name"),
    ],
)
def test_a_broken_link_or_reference_fails(tmp_path: Path, text: str, warning: str) -> None:
    sources = tmp_path / "docs"
    sources.mkdir()
    shutil.copyfile(SOURCES / "conf.py", sources / "conf.py")
    (sources / "index.md").write_text(f"# Page\n\n{text}\n", "utf-8")
    done = build(sources, tmp_path / "site")
    assert done.returncode != 0
    assert warning in done.stderr


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "examples/README.md", "operators", "pipelines"]
)
def test_links_between_files_lead_somewhere(name: str) -> None:
    pages = sorted((ROOT / name).rglob("*.md")) if (ROOT / name).is_dir() else [ROOT / name]
    for page in pages:
        for link in LINK.findall(page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.relative_to(ROOT)}: {link}"
