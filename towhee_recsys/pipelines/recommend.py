"""Build the pipeline that recommends items to users."""

from __future__ import annotations

from towhee_recsys.pipelines.config import RecommendConfig
from towhee_recsys.pipelines.pipeline import Pipeline


def recommend(config: RecommendConfig | None = None) -> Pipeline:
    """Build the pipeline. Build it once, and call it from any thread.

    It takes a user's id, a `towhee_recsys.types.Request`, or a list of these. Its ``.get()[0]`` is
    a list of `towhee_recsys.types.Recommendation`, best first; for a list it is a list of such
    lists::

        with recommend(RecommendConfig(bundle='bundle/', milvus_uri='./milvus.db',
                                       store_url='embedded:///srv/recsys/store')) as p:
            p(42).get()[0]
            p({'user': {'age': 25}, 'history': [1, 50], 'top_k': 5}).get()[0]

    The model is loaded now. The index and the record store are opened by the first call.

    Args:
        config: the settings, by default from the environment; see `PipelineConfig.from_env`.

    Raises:
        ConfigError: a setting is missing or wrong, or `calibrate` is set and the model has no
            calibration.
        BundleError: the bundle is missing or damaged.
    """
    from towhee import ops, pipe

    from towhee_recsys.components.likelihood import Likelihood
    from towhee_recsys.components.requests import Defaults
    from towhee_recsys.components.resources import Deployment
    from towhee_recsys.components.rules import Rules
    from towhee_recsys.pipelines.direct import DirectPipeline, building

    config = RecommendConfig.given(config)
    with building(Deployment(**config.deployment)) as resources:
        Rules(config.rules, resources.bundle.schema)  # a wrong rule is reported now
        if config.calibrate:
            _ = Likelihood(resources).curve  # and so is a missing calibration
        fingerprint = resources.user_encoder.bundle.fingerprint
        model = {"bundle": config.bundle, "fingerprint": fingerprint}
        index = {
            "uri": config.milvus_uri,
            "fingerprint": fingerprint,
            "token_env": config.token_env,
        }
        store = {"url": config.store_url, "connections": config.connections}
        defaults = {name: getattr(config, name) for name in Defaults.model_fields}
        recsys = ops.recsys
        p = (
            pipe.input("raw")
            .map("raw", "requests", recsys.read_request(**model, **defaults))
            .map("requests", "users", recsys.user_lookup(**store, **model))
        )
        if config.rules:
            p = p.map("users", "users", recsys.rule_filter(**model, rules=config.rules))
        return DirectPipeline(
            p.map("users", "vectors", recsys.user_encoder(**model))
            .map(("vectors", "users"), "found", recsys.milvus_search(**index, degrade=True))
            .map(("users", "found"), "hits", recsys.route(**{**model, **index}))
            .map(("hits", "users"), "hits", recsys.score_threshold())
            .map(("hits", "users"), "hits", recsys.rerank_mmr(**index))
            .map(("hits", "vectors", "users"), "hits", recsys.calibrate(**model))
            .map(("hits", "users"), "hits", recsys.explain(**{**model, **index}))
            .map(("raw", "hits"), "answer", recsys.answer(**store))
            .output("answer"),
            resources,
        )
