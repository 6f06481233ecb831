"""A user → the items to recommend: the pipeline that answers requests."""

from __future__ import annotations

from typing import Any

from towhee_recsys.pipelines.config import RecommendConfig


def recommend(config: RecommendConfig | None = None) -> Any:
    """Build the pipeline; do so once, and call it from any thread.

    It takes a user's id, a `towhee_recsys.types.Request`, or a list of these, and its ``.get()[0]``
    is a list of `Recommendation`, or for a list one such list for each of its entries::

        p = recommend(RecommendConfig(bundle='bundle/', milvus_uri='./milvus.db',
                                      store_url='embedded:///srv/recsys/store'))
        p(42).get()[0]
        p({'user': {'age': 25}, 'history': [1, 50], 'top_k': 5}).get()[0]

    Args:
        config: by default read from the environment, see `PipelineConfig.from_env`.

    Returns:
        A Towhee pipeline. An error in a call surfaces as a RuntimeError; `towhee_recsys.pipelines.
        calling.call` gives the library's own errors instead.

    Raises:
        ConfigError: a setting is missing or wrong, or the model has no calibration to go by.
        BundleError: the bundle is missing or damaged.
    """
    from towhee import ops, pipe

    from towhee_recsys.bundle import read_manifest
    from towhee_recsys.components.rules import read_rules
    from towhee_recsys.operators import shared
    from towhee_recsys.pipelines.direct import DirectPipeline

    config = RecommendConfig.given(config)
    fingerprint = read_manifest(config.bundle).fingerprint
    shared.user_encoder(config.bundle, fingerprint)  # a damaged bundle says so now
    read_rules(config.rules, shared.schema(config.bundle))  # and so does a wrong rule
    if config.calibrate:
        shared.calibration(config.bundle, fingerprint)  # and so does a model that cannot
    model = {"bundle": config.bundle, "fingerprint": fingerprint}
    index = {"uri": config.milvus_uri, "fingerprint": fingerprint}
    store = {"url": config.store_url, "connections": config.connections}
    defaults = {"top_k": config.top_k, "diversity": config.diversity}
    recsys = ops.recsys
    p = (
        pipe.input("raw")
        .map("raw", "requests", recsys.read_request(bundle=config.bundle, **defaults))
        .map("requests", "users", recsys.user_lookup(**store, bundle=config.bundle))
    )
    if config.rules:
        rules = recsys.rule_filter(bundle=config.bundle, rules=config.rules)
        p = p.map("users", "users", rules)
    threshold = recsys.score_threshold(min_score=config.min_score)
    rerank = recsys.rerank_mmr(**index, diversity=config.diversity)
    calibrate = recsys.calibrate(**model, calibrate=config.calibrate)
    explain = recsys.explain(**model, uri=config.milvus_uri, reasons=config.explain)
    return DirectPipeline(
        p.map("users", "vectors", recsys.user_encoder(**model))
        .map(("vectors", "users"), "found", recsys.milvus_search(**index, degrade=True))
        .map(("users", "found"), "hits", recsys.route(**model, uri=config.milvus_uri))
        .map(("hits", "users"), "hits", threshold)
        .map(("hits", "users"), "hits", rerank)
        .map(("hits", "vectors", "users"), "hits", calibrate)
        .map(("hits", "users"), "hits", explain)
        .map(("raw", "hits"), "answer", recsys.answer(**store))
        .output("answer")
    )
