"""An item → the items most like it: the pipeline behind "more like this"."""

from __future__ import annotations

from typing import Any

from towhee_recsys.pipelines.config import SimilarItemsConfig


def similar_items(config: SimilarItemsConfig | None = None) -> Any:
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

    from towhee_recsys.bundle import read_manifest
    from towhee_recsys.operators import shared
    from towhee_recsys.pipelines.direct import DirectPipeline

    config = SimilarItemsConfig.given(config)
    fingerprint = read_manifest(config.bundle).fingerprint
    shared.item_encoder(config.bundle, fingerprint)
    model = {"bundle": config.bundle, "fingerprint": fingerprint}
    read = ops.recsys.read_request(bundle=config.bundle, top_k=config.top_k, subject="item_id")
    answer = ops.recsys.answer(url=config.store_url, connections=config.connections)
    return DirectPipeline(
        pipe.input("raw")
        .map("raw", "requests", read)
        .map("requests", "hits", ops.recsys.nearest_items(**model, uri=config.milvus_uri))
        .map(("raw", "hits"), "answer", answer)
        .output("answer")
    )
