"""The page is parsed as a browser would. It shows the evaluation and is self-contained."""

from __future__ import annotations

import dataclasses
import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fixtures.tiny import SHORT, TINY, cycle

from towhee_recsys import Bundle, Dataset, evaluate, train
from towhee_recsys.bundle.comparison import verdict
from towhee_recsys.errors import TrainingError
from towhee_recsys.evaluation.segments import UserGroup
from towhee_recsys.reporting.findings import Findings, Measured, highest, with_results
from towhee_recsys.reporting.item_map import map_items
from towhee_recsys.reporting.report import render, write_report
from towhee_recsys.text import listed

EVIL = "<script>alert('x')</script> & \"$\\frac{"
VOID = {"meta", "br", "input", "link", "img", "hr"}
CURVE = [
    {"member": m, "epoch": e, "loss": 5 / e, "hr@10": 0.1 * e + 0.01 * m, "ndcg@10": 0.05 * e}
    for m in (0, 1)
    for e in (1.0, 2.0, 3.0)
]


class Page(HTMLParser):
    """Elements with their texts, and proof that each was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for i in self.open:
            self.elements[i][2].append(data)

    def texts(self, tag: str, **attrs: str) -> list[str]:
        return [
            " ".join("".join(text).split())
            for name, found, text in self.elements
            if name == tag and all(found.get(k.strip("_")) == v for k, v in attrs.items())
        ]

    def tags(self) -> set[str]:
        return {tag for tag, _, _ in self.elements}


def read(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def size(png: Path) -> tuple[int, int]:
    content = png.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.fixture(scope="module")
def findings(sample_bundle: Bundle, sample_dataset: Dataset) -> Findings:
    """What was measured, and what a fuller evaluation may add."""
    measured = Findings.of(evaluate(sample_bundle, sample_dataset))
    hit = measured.model.metrics["hr@10"]
    return dataclasses.replace(
        measured,
        model=Measured(
            "this model",
            {**measured.model.metrics, "own@10": 0.125},
            {"hr@10": (hit - 0.05, hit + 0.04)},
        ),
        segments={
            "history": [
                UserGroup("short", 150, {"hr@10": 0.2345, "ndcg@10": 0.1234}),
                UserGroup("long $x_{", 250, {"hr@10": 0.3456, "ndcg@10": 0.2222}),
            ],
            "gender": [UserGroup("F", 1234, {"hr@10": 0.4567, "ndcg@10": 0.3333})],
        },
    )


@pytest.fixture(scope="module")
def told(sample_bundle: Bundle) -> Bundle:
    meta = sample_bundle.metadata.model_copy(update={"curve": CURVE, "preset": "fast"})
    return dataclasses.replace(sample_bundle, metadata=meta)


@pytest.fixture(scope="module")
def report(
    told: Bundle,
    sample_dataset: Dataset,
    findings: Findings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    return write_report(tmp_path_factory.mktemp("home") / "report", told, sample_dataset, findings)


def test_page_is_self_contained(report: Path) -> None:
    text = report.read_text("utf-8")
    page = Page(text)
    assert not page.tags() & {"script", "link", "img", "iframe", "image", "use", "a", "object"}
    names = {name for _, attrs, _ in page.elements for name in attrs}
    assert not names & {"src", "href", "xlink:href", "srcset", "action", "data"}
    assert not [name for name in names if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:|//[a-z]", text)


def test_pictures_are_beside_the_page(report: Path) -> None:
    names = ["baselines.png", "curves.png", "index.html", "map.png", "segments.png"]
    assert sorted(file.name for file in report.parent.iterdir()) == names
    for name in names:
        if name.endswith(".png"):
            width, height = size(report.parent / name)
            assert 1_200 <= width <= 2_400
            assert 300 <= height <= 2_400


def test_page_shows_the_metrics_of_the_evaluation(
    report: Path, sample_bundle: Bundle, sample_dataset: Dataset
) -> None:
    page, measured = read(report), evaluate(sample_bundle, sample_dataset)
    cells = page.texts("td", class_="bar")
    ndcg, hit = measured.test["ndcg@10"], measured.test["hr@10"]
    assert cells[0] == f"{ndcg:.4f}"
    assert cells[1] == f"{hit:.4f} {hit - 0.05:.4f} to {hit + 0.04:.4f}"
    popular = measured.baselines["popularity"]
    for cell, metric in zip(cells[4:6], ("ndcg@10", "hr@10"), strict=True):
        low, high = popular.intervals[metric]
        assert cell == f"{popular.test[metric]:.4f} {low:.4f} to {high:.4f}"
    numbers = page.texts("td", class_="number")
    shown = [ndcg, *(measured.baselines[b].test["ndcg@10"] for b in ("decayed-ease", "popularity"))]
    assert numbers[:3] == [f"{value:.4f}" for value in shown]
    assert numbers[-3:] == ["0.1250", "–", "–"]
    tiles = page.texts("dd")
    assert tiles[0].startswith(f"{ndcg:.4f}")
    compared = measured.comparison
    assert compared.gain_interval is not None
    low, high = compared.gain_interval
    assert tiles[2] == f"{compared.gain:+.4f} 95% interval {low:+.4f} to {high:+.4f}"
    assert f"NDCG@10 against {compared.title}, the best baseline" in page.texts("dt")
    assert verdict(measured.users, compared) in page.texts("strong")
    assert compared.title in page.texts("th")


def test_page_of_few_users_concludes_nothing(cycle_bundle: Bundle, tmp_path: Path) -> None:
    data = cycle()
    four = data.interactions[data.interactions["user_id"] < 4]
    few = Dataset.from_frames(four, data.items, name="few")
    findings = Findings.of(evaluate(cycle_bundle, few))
    bundle = with_results(cycle_bundle, findings)
    page = read(write_report(tmp_path / "report", bundle, few, findings))
    assert page.texts("strong") == [verdict(4, findings.comparison)]
    assert page.texts("strong")[0].startswith("4 users are too few to measure")
    text = " ".join(page.texts("body"))
    assert "95% interval" not in text
    assert "NDCG@10 against" not in text
    assert "Results by group of users" not in text
    assert (bundle.metadata.evaluated, bundle.metadata.intervals) == (4, {})


def test_page_shows_groups_of_users(report: Path) -> None:
    page = read(report)
    assert page.texts("h3") == ["All metrics", "By length of history", "By gender"]
    assert "long $x_{250 users" in page.texts("th")
    assert page.texts("td", class_="bar")[6:] == [
        *("0.1234", "0.2345", "0.2222", "0.3456", "0.3333", "0.4567")
    ]


def test_every_item_has_its_title(report: Path, sample_dataset: Dataset) -> None:
    page = read(report)
    titles = [title.split(" · ")[0] for title in page.texts("title")[1:]]
    points = [title for title in titles if re.fullmatch(r"epoch \d\.\d: \d\.\d{4}", title)]
    assert len(points) == 3 * len(CURVE)
    items = [title for title in titles if title not in points]
    assert sorted(items) == sorted(sample_dataset.items["title"])
    circles = [attrs for tag, attrs, _ in page.elements if tag == "circle"]
    assert len(circles) == len(points) + len(items)


def test_page_describes_the_training(report: Path, told: Bundle) -> None:
    text = " ".join(read(report).texts("p"))
    assert f"trained on {told.metadata.interactions:,} interactions between 400 users" in text
    assert "with the preset fast" in text
    assert "2 members: pairs of towers that were trained separately" in text
    assert f"items ({listed(list(told.schema.items))})" in text
    assert "by t-SNE" in read(report).texts("figcaption")[-1]
    assert told.fingerprint in read(report).texts("title")[0]


def test_page_says_that_the_map_is_a_selection(told: Bundle, sample_dataset: Dataset) -> None:
    page = Page(render(told, [], None, map_items(told, sample_dataset, limit=60)))
    assert "one of the 60 most popular of 300 items" in " ".join(page.texts("p"))


@pytest.fixture(scope="module")
def evil() -> tuple[Bundle, Dataset]:
    """Markup and mathematics wherever a name comes from data."""
    data = cycle()
    items = data.items.assign(half=[EVIL] * 24, **{EVIL: [f"{EVIL}{i}" for i in range(24)]})
    dataset = Dataset.from_frames(data.interactions, items, name=EVIL)
    return train(dataset, SHORT.model_copy(update={"epochs": 1}), TINY), dataset


def test_names_from_the_data_are_escaped(evil: tuple[Bundle, Dataset], tmp_path: Path) -> None:
    findings = Findings(
        80, 24, Measured("this model", {"ndcg@10": 0.5, "hr@10": 0.5}), [], {EVIL: []}
    )
    segment = UserGroup(EVIL, 3, {"ndcg@10": 0.5, "hr@10": 0.5})
    findings = dataclasses.replace(findings, segments={EVIL: [segment]})
    path = write_report(tmp_path / "report", *evil, findings)
    page = read(path)
    assert "script" not in page.tags()
    shown = " ".join(EVIL.split())
    assert f"{shown}7 · {shown}" in page.texts("title")
    assert f"{shown}3 users" in page.texts("th")
    assert "by PCA" in page.texts("figcaption")[-1]
    assert size(path.parent / "segments.png") > (1_000, 100)


def test_page_of_a_model_without_held_out_data(cycle_dataset: Dataset, tmp_path: Path) -> None:
    config = SHORT.model_copy(update={"holdout": "none", "epochs": 1})
    path = write_report(tmp_path / "report", train(cycle_dataset, config, TINY), cycle_dataset)
    assert "baselines.png" not in [file.name for file in path.parent.iterdir()]
    assert (path.parent / "map.png").exists()
    assert "No interactions were held out" in " ".join(read(path).texts("p"))
    assert read(path).texts("dl") == []


def test_new_report_replaces_an_old_one(
    cycle_bundle: Bundle, cycle_dataset: Dataset, tmp_path: Path
) -> None:
    path = write_report(tmp_path / "report", cycle_bundle, cycle_dataset)
    (path.parent / "stale.png").write_text("")
    write_report(tmp_path / "report", cycle_bundle, cycle_dataset)
    assert not (path.parent / "stale.png").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]


def test_folder_without_a_report_is_not_replaced(
    cycle_bundle: Bundle, cycle_dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(TrainingError, match="exists and holds no report"):
        write_report(tmp_path, cycle_bundle, cycle_dataset)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_results_are_kept_in_the_metadata(sample_bundle: Bundle, findings: Findings) -> None:
    told = with_results(sample_bundle, findings)
    assert told.metadata.test == findings.model.metrics
    assert told.metadata.intervals == findings.model.intervals
    assert told.metadata.comparison == findings.comparison
    assert told.metadata.evaluated == 400
    assert told.fingerprint == sample_bundle.fingerprint


def test_bars_end_within_the_chart() -> None:
    rows = [Measured("a", {"m": 0.5}), Measured("b", {"m": 0.4}, {"m": (0.3, 0.6)})]
    assert highest(rows, "m") == 0.6
    assert highest(rows, "other") == 1.0
    assert highest([], "m") == 1.0
