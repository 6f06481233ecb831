"""Build the pipeline that finds items similar to an item."""

from __future__ import annotations

from towhee_recsys.pipelines.config import SimilarItemsConfig
from towhee_recsys.pipelines.pipeline import Pipeline


def similar_items(config: SimilarItemsConfig | None = None) -> Pipeline:
    """Build the pipeline. Build it once, and call it from any thread.

    It takes an item's id, a `towhee_recsys.types.SimilarRequest`, or a list of these. Its answers
    have the form of `recommend`'s, with the route ``similar``. The item itself is left out.

    Args:
        config: the settings, by default from the environment; see `PipelineConfig.from_env`.

    Raises:
        ConfigError: a setting is missing or wrong.
        BundleError: the bundle is missing or damaged.
    """
    from towhee import ops, pipe

    from towhee_recsys.components.resources import Deployment
    from towhee_recsys.pipelines.direct import DirectPipeline, building

    config = SimilarItemsConfig.given(config)
    with building(Deployment(**config.deployment)) as resources:
        model = {"bundle": config.bundle, "fingerprint": resources.bundle.fingerprint}
        index = {"uri": config.milvus_uri, "token_env": config.token_env}
        store = {"url": config.store_url, "connections": config.connections}
        recsys = ops.recsys
        read = recsys.read_request(**model, top_k=config.top_k, subject="item_id")
        return DirectPipeline(
            pipe.input("raw")
            .map("raw", "requests", read)
            .map("requests", "hits", recsys.nearest_items(**model, **index))
            .map(("raw", "hits"), "answer", recsys.answer(**store))
            .output("answer"),
            resources,
        )
