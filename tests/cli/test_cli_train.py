"""``train`` and ``evaluate``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fixtures.commands import document, invoke, run

from towhee_recsys import Bundle
from towhee_recsys.bundle.comparison import verdict

pytestmark = pytest.mark.long


def test_evaluate(home: Path) -> None:
    measured = document(home, "evaluate")
    trained = Bundle.load(home / "bundle").metadata
    for name, value in trained.validation.items():
        assert measured["validation"][name] == pytest.approx(value)
    assert measured["baselines"].keys() == {"popularity", "decayed-ease"}
    assert measured["comparison"]["baseline"] == "decayed-ease"
    popular = measured["baselines"]["popularity"]
    assert measured["test"]["hr@10"] > popular["test"]["hr@10"] > 0
    assert measured["test"]["ndcg@10"] > popular["test"]["ndcg@10"] > 0
    assert popular["gain_interval"][0] > 0
    assert (measured["users"], measured["items"]) == (400, 300)


def test_evaluate_explains_its_figures(home: Path) -> None:
    hr = Bundle.load(home / "bundle").metadata.test["hr@10"]
    shown = " ".join(run(home, "evaluate").stdout.split())
    assert f"For {hr:.0%} of users the held-out item is in the top 10" in shown
    assert re.search(r"predicted \d+\.\d%, observed \d+\.\d%\.", shown)
    for explained in ("history: thirds of the users", "(head)", "cold items have none"):
        assert explained in shown


def test_evaluate_beside_baselines(home: Path) -> None:
    measured = document(home, "evaluate", "--baselines", "ease, decayed-ease")
    assert list(measured["baselines"]) == ["popularity", "ease", "decayed-ease"]
    assert measured["baselines"]["ease"]["settings"].keys() == {"l2"}
    shown = run(home, "evaluate", "--baselines", "ease").stdout
    test = next(line for line in shown.splitlines() if line.strip().startswith("test"))
    assert f"{measured['test']['hr@10']:.4f}" in test
    ease = next(line for line in shown.splitlines() if line.strip().startswith("EASE  "))
    assert f"{measured['baselines']['ease']['test']['ndcg@10']:.4f}" in ease
    assert "…" in ease  # the interval of the gain
    for group in ("history", "target", "users.gender", "users.country", "Fjordland"):
        assert group in shown


def test_train_tells_what_evaluate_measures(home: Path) -> None:
    measured = document(home, "evaluate")
    trained = Bundle.load(home / "bundle").metadata
    assert trained.test == pytest.approx(measured["test"])
    assert trained.comparison is not None
    assert trained.comparison.baseline == measured["comparison"]["baseline"]
    assert trained.comparison.gain == pytest.approx(measured["comparison"]["gain"])
    said = verdict(400, trained.comparison)
    for place in ("bundle/MODEL_CARD.md", "report/index.html"):
        assert said in (home / place).read_text("utf-8")
    assert said in run(home, "evaluate").stdout
    assert f"| test | HR@10 | {trained.test['hr@10']:.4f} |" in (
        home / "bundle" / "MODEL_CARD.md"
    ).read_text("utf-8")
    page = (home / "report" / "index.html").read_text("utf-8")
    assert f"{measured['test']['ndcg@10']:.4f}" in page
    assert trained.sha256 is not None
    assert trained.sha256 in page


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = invoke(tmp_path / "file", "train", "--epochs", "0.05")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_training_without_a_report(tmp_path: Path) -> None:
    result = invoke(tmp_path, "train", "--epochs", "0.05", "--no-report", "--json")
    trained = json.loads(result.stdout)
    assert trained["report"] is None
    assert trained["test"]["hr@10"] > 0
    assert trained["comparison"]["measured"] == ["popularity", "decayed-ease"]
    assert "Warning: interactions, column 'rating': every row counts as a like" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_where_no_report_can_be_written_the_model_stays(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.txt").write_text("years of work")
    result = invoke(tmp_path, "train", "--epochs", "0.05", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["report"] is None
    assert result.stderr.splitlines()[-1].startswith(
        "Warning: the model is saved, but measuring it or writing its report failed: "
    )
    assert "exists and holds no report" in result.stderr
    assert Bundle.load(tmp_path / "bundle").metadata.test["hr@10"] >= 0
    assert (tmp_path / "report" / "thesis.txt").read_text() == "years of work"


@pytest.fixture
def four_users(tmp_path: Path) -> Path:
    rows = [f"{user},{(user + step) % 12},{step}" for user in range(4) for step in range(6)]
    (tmp_path / "plays.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows]))
    (tmp_path / "items.csv").write_text("\n".join(["item_id", *map(str, range(12))]))
    schema = tmp_path / "dataset.yaml"
    schema.write_text("interactions: {path: plays.csv}\nitems: {path: items.csv}\n")
    return schema


def test_four_users_are_too_few_to_measure(four_users: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = invoke(home, "train", "--data", str(four_users), "--epochs", "0.2").stdout
    few = "4 users are too few to measure"
    assert few in shown
    assert "better" not in shown
    assert few in (home / "bundle" / "MODEL_CARD.md").read_text("utf-8")
    assert few in (home / "report" / "index.html").read_text("utf-8")
    shown = invoke(home, "evaluate").stdout
    assert few in shown
    assert "95%: HR" not in shown
    assert "predicted" not in shown
    measured = json.loads(invoke(home, "evaluate", "--json").stdout)
    assert measured["intervals"] == {}
    assert measured["comparison"]["gain_interval"] is None
    assert {one["gain_interval"] for one in measured["baselines"].values()} == {None}


def test_a_model_of_everything_is_not_evaluated(tmp_path: Path) -> None:
    result = invoke(tmp_path, "train", "--holdout", "none", "--epochs", "0.1")
    page = tmp_path / "report" / "index.html"
    assert result.stdout.splitlines()[-1] == f"Report: {page}"
    assert "no interactions were held out" in page.read_text("utf-8")
    assert Bundle.load(tmp_path / "bundle").metadata.holdout == "none"
    result = invoke(tmp_path, "evaluate", "--json")
    assert result.exit_code == 1
    assert "was trained on all interactions (--holdout none)" in result.stderr
    assert result.stdout == ""
