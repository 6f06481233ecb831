"""The command line: the main path in processes of their own, the rest within this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Oracle, ids
from services.processes import free_port
from typer.testing import CliRunner, Result

from towhee_recsys import Bundle, __version__
from towhee_recsys.cli import app
from towhee_recsys.pipelines import RecommendConfig, call, recommend

NOISE = ("Traceback", "Warning", "Method not implemented", "ERROR", "INFO")


def run(home: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; its stderr is for people."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOWHEE_RECSYS_")}
    done = subprocess.run(
        [sys.executable, "-m", "towhee_recsys.cli", "--home", str(home), *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == code, done.stderr
    for word in NOISE:
        assert word not in done.stderr
    return done


def document(home: Path, *words: str) -> Any:
    """What a command with ``--json`` prints: one document, and nothing beside it."""
    return json.loads(run(home, *words, "--json").stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained, evaluated and ingested, step by step."""
    home = tmp_path_factory.mktemp("cli") / "home"
    trained = document(home, "train", "--data", "sample", "--epochs", "1")
    assert trained["bundle"] == str(home / "bundle")
    assert trained["report"] == str(home / "report" / "index.html")
    assert trained["fingerprint"] == Bundle.load(home / "bundle").fingerprint
    assert trained["validation"]["hr@10"] > 0
    report = document(home, "ingest")
    assert report["fingerprint"] == trained["fingerprint"]
    assert (report["items"], report["users"]) == (300, 400)
    return home


def test_evaluate(home: Path) -> None:
    measured = document(home, "evaluate")
    trained = Bundle.load(home / "bundle").metadata
    for name, value in trained.validation.items():
        assert measured["validation"][name] == pytest.approx(value)
    assert measured["baselines"].keys() == {"popularity"}
    popular = measured["baselines"]["popularity"]
    assert measured["test"]["hr@10"] > popular["test"]["hr@10"] > 0
    assert measured["test"]["ndcg@10"] > popular["test"]["ndcg@10"] > 0
    assert popular["gain_interval"][0] > 0
    assert (measured["users"], measured["items"]) == (400, 300)
    foretold = measured["calibration"]["predicted"]
    assert f"{foretold:.4f} foretold" in " ".join(run(home, "evaluate").stdout.split())


def test_evaluate_beside_baselines(home: Path) -> None:
    measured = document(home, "evaluate", "--baselines", "ease, decayed-ease")
    assert list(measured["baselines"]) == ["popularity", "ease", "decayed-ease"]
    assert measured["baselines"]["ease"]["settings"].keys() == {"l2"}
    shown = run(home, "evaluate", "--baselines", "ease").stdout
    test = next(line for line in shown.splitlines() if line.strip().startswith("test"))
    assert f"{measured['test']['hr@10']:.4f}" in test
    ease = next(line for line in shown.splitlines() if line.strip().startswith("ease"))
    assert f"{measured['baselines']['ease']['test']['ndcg@10']:.4f}" in ease
    assert "…" in ease  # from where to where the model is ahead
    for group in ("history", "target", "users.gender", "users.country", "Fjordland"):
        assert group in shown


def test_train_tells_what_evaluate_measures(home: Path) -> None:
    measured = document(home, "evaluate")
    trained = Bundle.load(home / "bundle").metadata
    assert trained.test == pytest.approx(measured["test"])
    assert f"| test | HR@10 | {trained.test['hr@10']:.4f} |" in (
        home / "bundle" / "MODEL_CARD.md"
    ).read_text("utf-8")
    page = (home / "report" / "index.html").read_text("utf-8")
    assert f"{measured['test']['ndcg@10']:.4f}" in page
    assert trained.sha256 is not None
    assert trained.sha256 in page


def test_recommend_rate_and_status(home: Path) -> None:
    answer = document(home, "recommend", "42", "--top-k", "5")
    assert answer.keys() == {"user_id", "recommendations"}
    assert answer["user_id"] == 42
    assert [one["rank"] for one in answer["recommendations"]] == [1, 2, 3, 4, 5]
    first = answer["recommendations"][0]
    assert {"item_id", "score", "title", "genres", "year", "route"} <= first.keys()

    similar = document(home, "similar", str(first["item_id"]), "-n", "3")
    assert (similar["item_id"], len(similar["similar"])) == (first["item_id"], 3)

    rated = document(home, "rate", "42", str(first["item_id"]))
    assert rated == {"user_id": 42, "item_id": first["item_id"], "new": True}
    again = run(home, "rate", "42", str(first["item_id"]))
    assert f"had met {first['title']} before; nothing changed" in again.stdout
    after = document(home, "recommend", "42", "--top-k", "5")
    assert first["item_id"] not in ids(after["recommendations"])

    found = document(home, "status")
    assert found["bundle"] == str(home / "bundle")
    assert Path(found["milvus_uri"]).is_absolute()
    assert found["index"] == found["fingerprint"] == Bundle.load(home / "bundle").fingerprint
    assert (found["items"], found["users"], found["note"]) == (300, 400, None)
    settings = {name: found[name] for name in ("bundle", "milvus_uri", "store_url")}
    with recommend(RecommendConfig(**settings, top_k=5)) as pipeline:
        assert ids(call(pipeline, 42)) == ids(after["recommendations"])


def test_doctor(home: Path) -> None:
    lines = run(home, "doctor").stdout.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert any("model, index and records belong together" in line for line in lines)


def test_demo(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--data", "sample")
    assert "recommended" in done.stdout
    assert "The " in done.stdout
    for step in ("1 · the data", "3 · the index", "5 · how good is that?", "recommend "):
        assert step in done.stderr


def test_a_milvus_file_in_use(home: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            "import sys; from pymilvus import MilvusClient; c = MilvusClient(sys.argv[1]);"
            "print(c.list_collections(), flush=True); sys.stdin.read()",
            str(home / "milvus.db"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert "items_" in holder.stdout.readline()
        refused = run(home, "recommend", "42", "--json", code=1)
        assert refused.stdout == ""
        assert refused.stderr.startswith("Error: the Milvus Lite file")
        assert "is in use by another process" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        found = document(home, "status")
        assert (found["items"], found["index"]) == (300, None)
        assert "in use by another process" in found["note"]
        assert "in use" in run(home, "doctor").stdout
    finally:
        holder.communicate()


def test_help_is_quick() -> None:
    code = "import sys; from towhee_recsys.cli import app\ntry: app(['--help'])\nexcept SystemExit:"
    heavy = ["towhee", "paddle", "pandas", "pymilvus", "matplotlib", "sklearn", "jinja2"]
    code += f" print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


# Within this process: usage and refusals.


def invoke(home: Path, *words: str) -> Result:
    clean = {f"TOWHEE_RECSYS_{name}": None for name in ("HOME", "MILVUS_URI", "STORE_URL")}
    return CliRunner(env=clean).invoke(app, ["--home", str(home), *words])


@pytest.fixture(scope="module")
def trained(sample_bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model and nothing else."""
    home = tmp_path_factory.mktemp("trained")
    shutil.copytree(sample_bundle_path, home / "bundle")
    return home


def test_status_of_an_empty_home(tmp_path: Path) -> None:
    home = tmp_path / "none"
    result = invoke(home, "status", "--json")
    found = json.loads(result.stdout)
    assert found.pop("home") == str(home)
    assert set(found) >= {"bundle", "milvus_uri", "store_url", "fingerprint", "items"}
    assert set(found.values()) == {None}
    assert not home.exists()


def test_paths_are_absolute(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.parent)
    found = json.loads(invoke(Path(trained.name), "status", "--json").stdout)
    assert found["bundle"] == str(trained / "bundle")


def test_doctor_of_an_empty_home(tmp_path: Path) -> None:
    result = invoke(tmp_path, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert not checks["bundle"]["ok"]
    assert "train one" in checks["bundle"]["detail"]
    assert checks["towhee"]["ok"]
    assert "none yet" in checks["index"]["detail"]


USAGE = [
    ["nonsense"],
    ["recommend", "42", "--top-k", "0"],
    ["recommend", "42", "--top-k", "many"],
    ["recommend", "42", "--filter", "{"],
    ["recommend", "42", "--filter", "[1]"],
    ["recommend", "--user", "F"],
    ["recommend", "42", "--seen", "maybe"],
    ["recommend", "42", "43"],
    ["similar"],
    ["rate", "42"],
    ["train", "--holdout", "some"],
    ["train", "--time-budget", "soon"],
    ["train", "--time-budget", "0s"],
    ["train", "--seed", "-1"],
    ["train", "--epochs", "-1"],
    ["train", "--epochs", "nan"],
    ["evaluate", "--items", "few"],
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_wrong_usage(trained: Path, words: list[str]) -> None:
    result = invoke(trained, *words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr


FAILURES: list[tuple[list[str], str]] = [
    (["recommend", "abc"], "user_id is 'abc'; in this data it is an integer"),
    (["recommend", "9" * 5000], "in this data it is an integer"),
    (["recommend", "42"], "there is no index"),
    (["recommend", "--history", "1,b"], "item_id is 'b'"),
    (["recommend", "--user", '{"gendr": "F"}'], "unknown column 'gendr'"),
    (["recommend", "--user", '{"age": "x"}'], "'x' is not a number"),
    (["similar", "x"], "item_id is 'x'"),
    (["rate", "x", "1"], "user_id is 'x'"),
    (["train", "--data", "no-such.yaml"], "there is no such file"),
    (["ingest", "--data", "no-such.yaml"], "there is no such file"),
    (["evaluate", "--data", "no-such.yaml"], "there is no such file"),
    (["evaluate", "--baselines", "slim"], "there is no baseline 'slim'; give popularity, ials"),
]


@pytest.mark.parametrize(("words", "says"), FAILURES, ids=[says for _, says in FAILURES])
def test_failures_are_one_clear_line(trained: Path, words: list[str], says: str) -> None:
    result = invoke(trained, *words)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert says in result.stderr


@pytest.mark.parametrize(
    "words", [["recommend", "42"], ["similar", "1"], ["rate", "1", "1"], ["ingest"], ["evaluate"]]
)
def test_without_a_model(tmp_path: Path, words: list[str]) -> None:
    result = invoke(tmp_path, *words)
    assert result.exit_code == 1
    assert "there is no bundle at" in result.stderr
    assert result.stdout == ""


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = invoke(tmp_path / "file", "train", "--epochs", "0.05")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_training_without_a_report(tmp_path: Path) -> None:
    result = invoke(tmp_path, "train", "--epochs", "0.05", "--no-report", "--json")
    trained = json.loads(result.stdout)
    assert (trained["report"], trained["test"]) == (None, {})
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_where_no_report_can_be_written_the_model_stays(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.txt").write_text("years of work")
    result = invoke(tmp_path, "train", "--epochs", "0.05", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["report"] is None
    assert result.stderr.splitlines()[-1].startswith("Warning: the model is saved, but there is no")
    assert "exists and holds no report" in result.stderr
    assert Bundle.load(tmp_path / "bundle").metadata.test["hr@10"] >= 0
    assert (tmp_path / "report" / "thesis.txt").read_text() == "years of work"


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


def test_an_ingested_home(
    trained: Path,
    sample_oracle: Oracle,
    sample_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Path(shutil.copytree(trained, tmp_path / "home"))
    result = invoke(home, "ingest", "--data", "sample")
    assert "300 items, 400 users and" in result.stdout
    assert sample_bundle.fingerprint in result.stdout
    seen = sample_oracle.histories[42]
    words = ["recommend", "42", "--history", ", ".join(map(str, seen[:9])), "--json", "-n", "300"]
    given = json.loads(invoke(home, *words).stdout)["recommendations"]
    assert set(ids(given)) == set(sample_oracle.items) - set(seen[:9])
    words = ["recommend", "--user", '{"gender": "F"}', "--json", "--filter", '{"genres": "Comedy"}']
    features = json.loads(invoke(home, *words).stdout)
    assert features["user_id"] is None
    assert all("Comedy" in one["genres"] for one in features["recommendations"])
    assert {one["route"] for one in features["recommendations"]} == {"features"}
    table = invoke(home, "recommend", "42", "--seen", "include").stdout
    assert "personal" in table
    words = ["recommend", "42", "--explain", "2", "--calibrate", "--diversity", "0.5", "-n", "3"]
    for one in json.loads(invoke(home, *words, "--json").stdout)["recommendations"]:
        assert 0 < one["probability"] < 1
        assert len(one["because"]) <= 2
    monkeypatch.setenv("COLUMNS", "120")
    explained = invoke(home, *words)
    assert "likely" in explained.stdout
    reasons = json.loads(invoke(home, *words, "--json").stdout)["recommendations"][0]["because"]
    assert sample_oracle.items[reasons[0]["item_id"]]["title"] in explained.stdout
    nothing = invoke(home, "recommend", "42", "--filter", '{"year": 1850}')
    assert "No item passes" in nothing.stdout
    assert nothing.exit_code == 0
    everybody = invoke(home, "recommend", "--to", str(home / "all.jsonl"), "-n", "2")
    assert "Recommendations for 400 users are in " in everybody.stdout
    first_line = json.loads((home / "all.jsonl").read_text("utf-8").splitlines()[0])
    assert (first_line["user_id"], len(first_line["recommendations"])) == (1, 2)
    assert invoke(home, "recommend", "42", "--to", "x.jsonl").exit_code == 2
    assert "must end in .jsonl or .parquet" in invoke(home, "recommend", "--to", "x").stderr
    assert invoke(home, "rate", "new", "1").exit_code == 1
    assert "there is no item 999" in invoke(home, "rate", "1", "999").stderr
    assert "User 999 has met " in invoke(home, "rate", "999", "1").stdout
    assert "User 999 has not met item 1." in invoke(home, "forget", "999", "1").stdout
    assert "User 999 had not met item 1." in invoke(home, "forget", "999", "1").stdout
    invoke(home, "rate", "999", "1")
    gone = invoke(home, "forget", "999", "--json")
    assert json.loads(gone.stdout) == {"user_id": 999, "item_id": None, "removed": True}
    assert "Nothing was known of user 999." in invoke(home, "forget", "999").stdout
    assert "user_id is 'x'" in invoke(home, "forget", "x").stderr
    assert "item 999 is not in the index" in invoke(home, "similar", "999").stderr
    assert "similar" in invoke(home, "similar", "1").stdout
    assert "unknown column 'x'" in invoke(home, "similar", "1", "--filter", '{"x": 1}').stderr


def test_servers_in_place_of_the_home_s_own(trained: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    result = invoke(trained, "--milvus-uri", nowhere, "status", "--json")
    assert json.loads(result.stdout)["milvus_uri"] == nowhere
    assert "does not answer" in json.loads(result.stdout)["note"]
    result = invoke(trained, "--milvus-uri", nowhere, "similar", "1")
    assert result.exit_code == 1
    assert f"Milvus at {nowhere} does not answer" in result.stderr
    result = invoke(trained, "--store-url", f"redis://:pw@127.0.0.1:{free_port()}", "doctor")
    assert result.exit_code == 1
    assert "pw" not in result.stdout


def test_validate(tmp_path: Path) -> None:
    report = json.loads(invoke(tmp_path, "validate", "sample", "--json").stdout)
    assert report["ok"] is True
    wrong = invoke(tmp_path, "validate", str(tmp_path / "none.yaml"), "--json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["ok"] is False


def test_version(tmp_path: Path) -> None:
    assert invoke(tmp_path, "--version").stdout.strip() == __version__
