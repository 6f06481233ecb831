"""Register the pipelines and their configs with Towhee's AutoPipes and AutoConfig.

Importing the operators registers the pipelines too. The pipelines import the operators, so this
module cannot import the pipelines: it looks them up by name when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from towhee import AutoConfig, AutoPipes
from towhee.runtime.auto_config import set_config_name
from towhee.runtime.auto_pipes import set_pipe_name

PIPELINES = {
    "ingest": "IngestConfig",
    "recommend": "RecommendConfig",
    "similar_items": "SimilarItemsConfig",
}
"""The names of the pipelines' functions and configs in `PACKAGE`."""

PACKAGE = "towhee_recsys.pipelines"


def register_pipelines() -> None:
    """Register each pipeline, so that ``AutoPipes.pipeline('recsys/recommend', config=config)``
    works.

    ``AutoConfig.load_config('recsys/recommend')`` gives a `PipelineConfig.draft`. Its fields are
    set afterwards, as with Towhee's own configs: ``config.bundle = 'bundle/'``. If one is missing,
    building the pipeline fails and names it.
    """
    for name, config in PIPELINES.items():
        with set_pipe_name(f"recsys/{name}"), set_config_name(f"recsys/{name}"):
            AutoPipes.register(_late(name))
            AutoConfig.register(_late(config, "draft"))


def _late(name: str, *path: str) -> Any:
    """A function of `PACKAGE` that is looked up when it is called."""

    def run(*args: Any, **kwargs: Any) -> Any:
        target = getattr(import_module(PACKAGE), name)
        for part in path:
            target = getattr(target, part)
        return target(*args, **kwargs)

    return run
