"""Build the pipeline that finds items like an item."""

from __future__ import annotations

from towhee_recsys.pipelines.config import SimilarItemsConfig
from towhee_recsys.pipelines.pipeline import Pipeline


def similar_items(config: SimilarItemsConfig | None = None) -> Pipeline:
    """Build the pipeline; do so once, and call it from any thread.

    It takes an item's id, a `towhee_recsys.types.SimilarRequest` (an id, or the record of an item
    that is not in the index), or a list of these, and answers as `recommend` does, with the route
    ``similar``. The item itself is left out.

    Args:
        config: by default read from the environment, see `PipelineConfig.from_env`.

    Raises:
        ConfigError: a setting is missing or wrong.
        BundleError: the bundle is missing or damaged.
    """
    from towhee import ops, pipe

    import towhee_recsys.operators  # noqa: F401  (it registers ops.recsys)
    from towhee_recsys.components.resources import Deployment, Resources
    from towhee_recsys.pipelines.direct import DirectPipeline

    config = SimilarItemsConfig.given(config)
    resources = Resources(Deployment(**config.deployment))
    try:
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
    except BaseException:
        resources.close()
        raise
