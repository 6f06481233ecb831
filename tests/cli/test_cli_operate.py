"""``status`` and ``doctor``, and the main path from one to the other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.commands import document, invoke, run
from fixtures.stack import ids
from services.processes import free_port

from towhee_recsys import Bundle
from towhee_recsys.pipelines import RecommendConfig, call, recommend

pytestmark = pytest.mark.long


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
    assert f"{first['title']} is already in user 42's history" in again.stdout
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
    assert "run `towhee-recsys train` first" in checks["bundle"]["detail"]
    assert checks["towhee"]["ok"]
    assert "none yet" in checks["index"]["detail"]


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
