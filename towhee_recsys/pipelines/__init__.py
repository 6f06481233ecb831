"""The pipelines, as functions of a config; nothing heavy is imported before one is built.

- `ingest`: tables → index and records
- `recommend`: a user → items
- `similar_items`: an item → items
- `to_file`: many users → a file of their items
- `calling`: a pipeline's answer, or the library's own errors
- `direct`: a pipeline of maps that runs in the thread of the caller
- `config`: the settings
- `registration`: the names by which Towhee finds them, see `towhee_recsys.operators`
"""

from towhee_recsys.pipelines.calling import call
from towhee_recsys.pipelines.config import IngestConfig, RecommendConfig, SimilarItemsConfig
from towhee_recsys.pipelines.ingest import ingest
from towhee_recsys.pipelines.recommend import recommend
from towhee_recsys.pipelines.similar_items import similar_items
from towhee_recsys.pipelines.to_file import recommend_to_file

__all__ = [
    "IngestConfig",
    "RecommendConfig",
    "SimilarItemsConfig",
    "call",
    "ingest",
    "recommend",
    "recommend_to_file",
    "similar_items",
]
