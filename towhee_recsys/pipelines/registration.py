"""The pipelines and their configs → names that Towhee's AutoPipes and AutoConfig know."""

from __future__ import annotations

from towhee import AutoConfig, AutoPipes
from towhee.runtime.auto_config import set_config_name
from towhee.runtime.auto_pipes import set_pipe_name

from towhee_recsys import pipelines


def register() -> None:
    """Make ``AutoPipes.pipeline('recsys/recommend', config=config)`` and the like work.

    ``AutoConfig.load_config('recsys/recommend')`` gives a `PipelineConfig.draft`, whose fields are
    then set, as with Towhee's own: ``config.bundle = 'bundle/'``. A pipeline says what is missing.
    """
    for build, config in (
        (pipelines.ingest, pipelines.IngestConfig),
        (pipelines.recommend, pipelines.RecommendConfig),
        (pipelines.similar_items, pipelines.SimilarItemsConfig),
    ):
        name = f"recsys/{build.__name__}"
        with set_pipe_name(name), set_config_name(name):
            AutoPipes.register(build)
            AutoConfig.register(config.draft)
