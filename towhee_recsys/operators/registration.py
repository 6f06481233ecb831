"""Give the pipelines the names by which Towhee's AutoPipes and AutoConfig find them.

Importing the operators registers the pipelines too, which are built of them and lie above them in
the order of imports. So they are bound late, by the name of their module.
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
"""Names of the pipelines' functions and of their configs, in `PACKAGE`."""

PACKAGE = "towhee_recsys.pipelines"


def register_pipelines() -> None:
    """Make ``AutoPipes.pipeline('recsys/recommend', config=config)`` and the like work.

    ``AutoConfig.load_config('recsys/recommend')`` gives a `PipelineConfig.draft`, whose fields are
    then set, as with Towhee's own: ``config.bundle = 'bundle/'``. A pipeline says what is missing.
    """
    for name, config in PIPELINES.items():
        with set_pipe_name(f"recsys/{name}"), set_config_name(f"recsys/{name}"):
            AutoPipes.register(_late(name))
            AutoConfig.register(_late(config, "draft"))


def _late(name: str, *path: str) -> Any:
    """A function of `PACKAGE` that is looked up when it is called."""

    def run(*args: Any, **kwargs: Any) -> Any:
        found = getattr(import_module(PACKAGE), name)
        for part in path:
            found = getattr(found, part)
        return found(*args, **kwargs)

    return run
