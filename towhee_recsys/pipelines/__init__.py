"""Build the pipelines, as functions of a config. Nothing heavy is imported before that.

- `ingest`: fill the index and the record store
- `recommend`: items for users
- `similar_items`: items like an item
- `to_file`: recommendations for many users, in a file; `answer_files` is its format
- `config`: the settings
- `pipeline`: the type of what the builders return
- `calling`: call one, with the library's own errors
- `direct`: run one in the thread of its caller, and own what it opens
"""

from towhee_recsys.pipelines.calling import call
from towhee_recsys.pipelines.config import IngestConfig, RecommendConfig, SimilarItemsConfig
from towhee_recsys.pipelines.ingest import ingest
from towhee_recsys.pipelines.pipeline import Pipeline
from towhee_recsys.pipelines.recommend import recommend
from towhee_recsys.pipelines.similar_items import similar_items
from towhee_recsys.pipelines.to_file import recommend_to_file

__all__ = [
    "IngestConfig",
    "Pipeline",
    "RecommendConfig",
    "SimilarItemsConfig",
    "call",
    "ingest",
    "recommend",
    "recommend_to_file",
    "similar_items",
]
