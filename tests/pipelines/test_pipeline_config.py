"""Pipeline configs: from arguments, from the environment, and by Towhee's AutoConfig."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.stack import Oracle, Stack, ids
from towhee import AutoConfig, AutoPipes, ops

import towhee_recsys.operators  # noqa: F401
from towhee_recsys.errors import BundleError, ConfigError
from towhee_recsys.pipelines import (
    IngestConfig,
    RecommendConfig,
    SimilarItemsConfig,
    call,
    ingest,
    recommend,
    similar_items,
)

COMPLETE = {"bundle": "b", "milvus_uri": "m.db", "store_url": "redis://u:secret@host/0"}
NAMES = ("BUNDLE", "MILVUS_URI", "STORE_URL", "TOP_K", "BATCH_SIZE")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"TOWHEE_RECSYS_{name}", raising=False)


def test_fields_are_checked_when_set() -> None:
    config = RecommendConfig(**COMPLETE)
    config.top_k = 5
    config.bundle = Path("/b")  # type: ignore[assignment]
    assert (config.top_k, config.bundle) == (5, "/b")
    for name, value in (("top_k", 0), ("top_k", "many"), ("top_k", 10_001), ("bundle", 3)):
        with pytest.raises(ConfigError, match=f"RecommendConfig: {name} is {value!r}: "):
            setattr(config, name, value)
    assert config.top_k == 5


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ConfigError, match="IngestConfig: unknown field 'topk'"):
        IngestConfig(**COMPLETE, topk=3)  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"SimilarItemsConfig: .*topk"):
        SimilarItemsConfig(**COMPLETE).topk = 3


def test_missing_fields_are_named() -> None:
    with pytest.raises(ConfigError, match="milvus_uri is missing"):
        RecommendConfig(bundle="b", store_url="redis://host")  # type: ignore[call-arg]


def test_config_of_another_class_is_refused() -> None:
    for build, given in ((recommend, {"top_k": 3}), (similar_items, RecommendConfig(**COMPLETE))):
        with pytest.raises(ConfigError, match=r"expected a .*Config, got a (dict|RecommendConfig)"):
            build(given)  # type: ignore[arg-type]


def test_passwords_are_not_shown() -> None:
    odd = {"milvus_uri": "http://me:p@ss@host", "store_url": "redis://u:p@ss@host"}
    assert "ss@" not in repr(RecommendConfig(bundle="b", **odd))
    assert "secret" not in repr(RecommendConfig(**COMPLETE))
    assert "u:***@host" in str(RecommendConfig(**COMPLETE))


@pytest.mark.parametrize("build", [recommend, similar_items, ingest])
def test_environment_is_read_without_a_config(
    build: Any, sample_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"lacks bundle, milvus_uri, store_url.*TOWHEE_RECSYS_B"):
        build()
    for name, value in sample_stack.settings.items():
        monkeypatch.setenv(f"TOWHEE_RECSYS_{name.upper()}", value)
    monkeypatch.setenv("TOWHEE_RECSYS_TOP_K", "3")
    pipeline = build()
    if build is not ingest:
        assert len(call(pipeline, 1)) == 3
    monkeypatch.setenv("TOWHEE_RECSYS_TOP_K", "many")
    monkeypatch.setenv("TOWHEE_RECSYS_BATCH_SIZE", "many")
    with pytest.raises(ConfigError, match="is 'many': "):
        build()


@pytest.mark.parametrize("build", [recommend, similar_items, ingest])
def test_missing_bundle_is_reported_when_the_pipeline_is_built(build: Any, tmp_path: Path) -> None:
    config = {recommend: RecommendConfig, similar_items: SimilarItemsConfig, ingest: IngestConfig}
    with pytest.raises(BundleError, match=r"there is no bundle at .*train one"):
        build(config[build](**{**COMPLETE, "bundle": str(tmp_path)}))


def test_pipeline_keeps_its_model(
    sample_bundle_path: Path, sample_stack: Stack, sample_bundle: Any, tmp_path: Path
) -> None:
    sample_bundle.save(tmp_path / "bundle")
    pipeline = sample_stack.recommend(bundle=str(tmp_path / "bundle"))
    weights = {name: 2 * weight for name, weight in sample_bundle.weights.items()}
    other = replace(sample_bundle, weights=weights)
    other.save(tmp_path / "bundle")
    assert pipeline(42) == sample_stack.recommend()(42)
    lookup = {"bundle": str(tmp_path / "other"), "fingerprint": sample_bundle.fingerprint}
    other.save(tmp_path / "other")
    with pytest.raises(
        BundleError, match=f"holds the model {other.fingerprint}, but .* is expected"
    ):
        ops.recsys.user_encoder(**lookup)([{}])


# As with Towhee's own pipelines.


@pytest.mark.parametrize("name", ["recommend", "similar_items"])
def test_pipelines_are_found_by_name(name: str, sample_stack: Stack, sample_oracle: Oracle) -> None:
    config = AutoConfig.load_config(f"recsys/{name}")
    config.bundle = sample_stack.settings["bundle"]
    config.milvus_uri = sample_stack.settings["milvus_uri"]
    config.store_url = sample_stack.settings["store_url"]
    config.top_k = 4
    pipeline = AutoPipes.pipeline(f"recsys/{name}", config=config)
    build = sample_stack.recommend if name == "recommend" else sample_stack.similar
    assert pipeline(42).get()[0] == build(top_k=4)(42)


def test_ingest_is_found_by_name(sample_bundle_path: Path, tmp_path: Path) -> None:
    settings = Stack(tmp_path, sample_bundle_path).settings
    config = AutoConfig.load_config("recsys/ingest", **settings, batch_size=100)
    assert AutoPipes.pipeline("recsys/ingest", config=config)("sample").get()[0]["items"] == 300


def test_draft_is_checked_when_the_pipeline_is_built() -> None:
    config = AutoConfig.load_config("recsys/recommend")
    config.bundle = "b"
    with pytest.raises(ConfigError, match="RecommendConfig lacks milvus_uri, store_url; set them"):
        AutoPipes.pipeline("recsys/recommend", config=config)
    with pytest.raises(ConfigError, match="top_k"):
        config.top_k = 0
    with pytest.raises(ConfigError, match="topk"):
        config.topk = 5
    with pytest.raises(ConfigError, match="batch_size"):
        AutoConfig.load_config("recsys/ingest", batch_size=0)


def test_draft_contains_environment_variables(
    sample_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sample_stack.settings.items():
        monkeypatch.setenv(f"TOWHEE_RECSYS_{name.upper()}", value)
    config = AutoConfig.load_config("recsys/recommend", top_k=2)
    answer = AutoPipes.pipeline("recsys/recommend", config=config)(42).get()[0]
    assert ids(answer) == ids(sample_stack.recommend()(42))[:2]
    assert len(AutoPipes.pipeline("recsys/similar_items")(1).get()[0]) == 10
