"""Resources are opened once, shared, and closed with their last user."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Stack

from towhee_recsys import Bundle, Dataset
from towhee_recsys.components.resources import Deployment, Resources
from towhee_recsys.errors import BundleError, ConfigError, StoreError
from towhee_recsys.pipelines import RecommendConfig, SimilarItemsConfig, recommend, similar_items


@pytest.fixture
def deployment(sample_stack: Stack) -> Deployment:
    return Deployment(**sample_stack.settings)


def test_threads_and_resources_share_one_of_each_part(deployment: Deployment) -> None:
    with Resources(deployment) as mine, Resources(deployment) as other:
        with ThreadPoolExecutor(8) as threads:
            towers = list(threads.map(lambda _: mine.towers, range(32)))
        assert len(set(map(id, [*towers, other.towers]))) == 1
        assert mine.user_encoder.bundle is other.item_encoder.bundle
        assert mine.store is other.store
        assert mine.index is other.index


def test_last_user_closes_the_part(sample_bundle_path: Path, tmp_path: Path) -> None:
    settings = Stack(tmp_path, sample_bundle_path).settings
    mine, other = (Resources(Deployment(**settings)) for _ in range(2))
    store = mine.store
    assert other.store is store
    mine.close()
    assert other.store.counts()["items"] == 0
    other.close()
    other.close()
    with pytest.raises(StoreError):
        store.counts()
    with pytest.raises(StoreError, match="is closed; make a new one"):
        _ = mine.store
    with Resources(Deployment(**settings)) as again:
        assert again.store is not store


def test_garbage_collected_resources_are_closed(sample_bundle_path: Path, tmp_path: Path) -> None:
    settings = Stack(tmp_path, sample_bundle_path).settings
    dropped = Resources(Deployment(**settings))
    store = dropped.store
    del dropped
    gc.collect()
    with Resources(Deployment(bundle=settings["bundle"])) as another:
        _ = another.bundle
    with pytest.raises(StoreError):
        store.counts()


def test_close_waits_for_running_calls(deployment: Deployment) -> None:
    resources, entered, leave = Resources(deployment), threading.Event(), threading.Event()

    def call() -> bool:
        with resources.in_use():
            entered.set()
            leave.wait(60)
            return bool(resources.store.get_items([1])[0])

    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(call)
        assert entered.wait(60)
        closing = threads.submit(resources.close)
        while not resources.closed:
            pass
        assert not closing.done()
        leave.set()
        assert answer.result()
        closing.result()


def test_another_model_is_refused(deployment: Deployment) -> None:
    with pytest.raises(BundleError, match="but 0badcafe is expected"):
        _ = Resources(deployment.model_copy(update={"fingerprint": "0badcafe"})).bundle
    with pytest.raises(ConfigError, match="store_url is not set"):
        _ = Resources(Deployment()).store


def test_pipeline_reads_the_manifest_once(
    sample_stack: Stack, sample_bundle: Bundle, tmp_path: Path
) -> None:
    sample_bundle.save(tmp_path / "bundle")
    manifest, reads = str(tmp_path / "bundle" / "manifest.json"), []

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and str(args[0]) == manifest:
            reads.append(args)

    sys.addaudithook(watch)
    settings = {**sample_stack.settings, "bundle": str(tmp_path / "bundle")}
    with recommend(RecommendConfig(**settings)) as p:
        p(42)
        p([1, 2])
    assert len(reads) == 1


def test_closed_pipeline_raises_an_error(sample_stack: Stack) -> None:
    with recommend(RecommendConfig(**sample_stack.settings)) as p:
        assert len(p(42).get()[0]) == 10
    with pytest.raises(StoreError, match="this pipeline or operator is closed; make a new one"):
        p(42)


def test_closing_one_pipeline_leaves_the_others_open(sample_stack: Stack) -> None:
    one = recommend(RecommendConfig(**sample_stack.settings))
    with similar_items(SimilarItemsConfig(**sample_stack.settings)) as other:
        before = other(1).get()[0]
        one(42)
        one.close()
        assert other(1).get()[0] == before


def test_pipeline_is_replaced_between_two_calls(
    sample_stack: Stack, sample_bundle: Bundle, sample_dataset: Dataset, tmp_path: Path
) -> None:
    """Eight threads keep calling. Each answer comes entirely from the old pipeline or the new
    one."""
    p = recommend(RecommendConfig(**sample_stack.settings, top_k=3))
    stop = threading.Event()

    def ask() -> Iterator[int]:
        while not stop.is_set():
            yield len(p(42).get()[0])

    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(lambda: list(ask())) for _ in range(8)]
        for top_k in (5, 3, 5, 7):
            p.replace(recommend(RecommendConfig(**sample_stack.settings, top_k=top_k)))
        stop.set()
        lengths = {length for answer in answers for length in answer.result()}
    assert lengths <= {3, 5, 7}
    assert len(p(42).get()[0]) == 7
    p.close()


SWITCHES = """
import json, os, sys, threading
import psutil
from towhee_recsys.pipelines import RecommendConfig, recommend
from towhee_recsys.stores.opening import open_vector_store

settings, bundles = json.loads(sys.argv[1]), sys.argv[2:]
process = psutil.Process()

def measured():
    return {
        "memory": process.memory_info().rss,
        "threads": threading.active_count(),
        "descriptors": process.num_fds(),
        "connections": len(process.net_connections(kind="all")),
        "children": len(process.children(recursive=True)),
    }

index = open_vector_store(settings["milvus_uri"])
configs = [RecommendConfig(**{**settings, "bundle": one}) for one in bundles]
p, after = recommend(configs[0]), []
for number in range(51):
    index.publish(index.collection(p.resources.fingerprint))
    assert len(p(42).get()[0]) == 10 and len(p(list(range(1, 65))).get()[0]) == 64
    if number in (10, 50):
        after.append(measured())
    p.replace(recommend(configs[(number + 1) % 2]))
p.close()
index.close()
print(json.dumps(after))
"""


@pytest.mark.long
def test_fifty_switches_of_the_model_leave_nothing_behind(
    sample_bundle_path: Path, sample_bundle: Bundle, sample_dataset: Dataset, tmp_path: Path
) -> None:
    weights = {name: 2 * weight for name, weight in sample_bundle.weights.items()}
    replace(sample_bundle, weights=weights).save(tmp_path / "other")
    bundles = [str(sample_bundle_path), str(tmp_path / "other")]
    for bundle in bundles:
        Stack(tmp_path, bundle).ingest(sample_dataset)
    settings = json.dumps(Stack(tmp_path, sample_bundle_path).settings)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SWITCHES, settings, *bundles],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, last = json.loads(done.stdout.splitlines()[-1])
    assert last["memory"] < 1.1 * first["memory"]
    for name in ("threads", "descriptors", "connections", "children"):
        # A pool may grow by a thread meanwhile; what every switch left behind would be forty.
        assert last[name] <= 1.25 * first[name], (name, first, last)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_pipeline_works_after_a_fork(
    sample_bundle_path: Path, sample_dataset: Dataset, tmp_path: Path
) -> None:
    """Servers may load an application before they fork their workers."""
    stack = Stack(tmp_path, sample_bundle_path, milvus_uri="http://127.0.0.1:1")
    Stack(tmp_path, sample_bundle_path).ingest(sample_dataset)
    program = """
import json, os, sys
from towhee_recsys.pipelines import RecommendConfig, recommend

p = recommend(RecommendConfig(**json.loads(sys.argv[1])))
users = list(range(1, 65))
expected = p(users).get()[0]
for _ in range(3):
    if (child := os.fork()) == 0:
        os._exit(0 if p(users).get()[0] == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
assert p(users).get()[0] == expected
p.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, json.dumps(stack.settings)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
