"""Ingest: once, again, killed half-way, and beside the index of another model."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Stack, ids
from services.processes import free_port

from towhee_recsys import Bundle, Dataset, train
from towhee_recsys.errors import ConfigError, IndexMismatch, StoreUnavailable
from towhee_recsys.training import TrainingConfig

ASKED = [42, 7, {}, {"user": {"gender": "F"}}, {"user_id": 42, "filter": {"genres": "Comedy"}}]


@pytest.fixture(scope="module")
def other(sample_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of another model."""
    path = tmp_path_factory.mktemp("other") / "bundle"
    train(sample_dataset, TrainingConfig(epochs=0.1, seed=1)).save(path)
    return path


def counts(stack: Stack) -> tuple[int, dict[str, int]]:
    with stack.stores() as (index, store):
        return index.count(), store.counts()


def live(stack: Stack) -> str | None:
    """The fingerprint of the model whose index is searched."""
    with stack.stores() as (index, _):
        return index.live()


def test_ingesting_again_changes_nothing(
    sample_bundle_path: Path, sample_bundle: Bundle, sample_dataset: Dataset, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, sample_bundle_path)
    report = stack.ingest(sample_dataset)
    met = len(sample_dataset.interactions)
    assert report == {
        "items": 300,
        "users": 400,
        "interactions": met,
        "new_interactions": met,
        "forgotten_users": 0,
        "forgotten_interactions": 0,
        "left": None,
        "fingerprint": sample_bundle.fingerprint,
    }
    there, answers = counts(stack), stack.recommend()(ASKED)
    assert there == (300, {"items": 300, "users": 400, "histories": 400})
    assert stack.ingest("sample", batch_size=7) == {**report, "new_interactions": 0}
    assert counts(stack) == there
    assert stack.recommend()(ASKED) == answers


def test_removed_items_leave_the_index(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, sample_bundle_path)
    stack.ingest(sample_dataset)
    met = sample_dataset.interactions
    fewer = replace(
        sample_dataset,
        items=sample_dataset.items.head(200),
        interactions=met[met["item_id"] <= 200].reset_index(drop=True),
    )
    assert stack.ingest(fewer)["items"] == 200
    assert sorted(ids(stack.recommend()({"top_k": 300}))) == list(range(1, 201))


INGEST = """
import sys
from towhee_recsys.pipelines import IngestConfig, call, ingest
from towhee_recsys.stores.vectors.milvus import MilvusStore

bundle, milvus_uri, store_url, size, rows = sys.argv[1:]
write, written = MilvusStore.write, 0

def counted(self, collection, items, vectors):
    # Counted here, because a second client of Milvus Lite would see its own copy.
    global written
    write(self, collection, items, vectors)
    written += len(items)
    if written >= int(rows) > written - len(items):
        print("written", flush=True)

MilvusStore.write = counted
config = IngestConfig(
    bundle=bundle, milvus_uri=milvus_uri, store_url=store_url, batch_size=int(size)
)
call(ingest(config), "sample")
print("done", flush=True)
"""


def killed_after(stack: Stack, rows: int) -> None:
    """Run ingest in a process of its own, and kill it when its collection has so many items."""
    settings = [stack.settings[name] for name in ("bundle", "milvus_uri", "store_url")]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", INGEST, *settings, "3", str(rows)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate()
    assert (line, rest) == ("written\n", ""), errors


@pytest.mark.long
def test_next_ingest_completes_a_killed_one(
    other: Path, sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path
) -> None:
    """Wherever the ingest of the new model was killed, the old model's index answers as before."""
    old, new = Stack(tmp_path, other), Stack(tmp_path, sample_bundle_path)
    clean = Stack(tmp_path / "clean", sample_bundle_path)
    clean.ingest(sample_dataset)
    old.ingest(sample_dataset)
    before, there = old.recommend()(ASKED), counts(old)
    for rows in (3, 90, 240):
        old.close()  # a Milvus Lite file belongs to one process at a time
        killed_after(new, rows)
        assert live(old) == Bundle.load(other).fingerprint
        assert counts(old) == there
        assert old.recommend()(ASKED) == before
    assert new.ingest(sample_dataset)["new_interactions"] == 0
    assert counts(new) == counts(clean)
    assert new.recommend()(ASKED) == clean.recommend()(ASKED)


def test_models_do_not_mix(
    other: Path, sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path
) -> None:
    old, new = Stack(tmp_path, sample_bundle_path), Stack(tmp_path, other)
    old.ingest(sample_dataset)
    ask, ask_similar = old.recommend(), old.similar()
    ask(42)
    new.ingest(sample_dataset)
    asked: list[tuple[Callable[[Any], Any], Any]] = [(ask, 42), (ask, {}), (ask_similar, 1)]
    for pipeline, request in asked:
        time.sleep(1.1)  # for as long may a search go on with the index that it knew
        with pytest.raises(IndexMismatch) as caught:
            pipeline(request)
        for bundle in (sample_bundle_path, other):
            assert Bundle.load(bundle).fingerprint in str(caught.value)
    assert len(new.recommend()(42)) == 10
    old.ingest(sample_dataset)
    assert len(ask(42)) == 10


def test_failed_ingest_publishes_nothing(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, sample_bundle_path, store_url=f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(StoreUnavailable, match="Redis at redis"):
        stack.ingest(sample_dataset)
    assert live(stack) is None


def test_data_with_other_columns_is_refused(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path
) -> None:
    table = sample_dataset.items[["item_id", "title"]]
    other = Dataset.from_frames(sample_dataset.interactions, table)
    with pytest.raises(ConfigError, match="has other columns than the data that the bundle"):
        Stack(tmp_path, sample_bundle_path).ingest(other)
