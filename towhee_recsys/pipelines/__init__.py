"""Build the Towhee pipelines from configs. Heavy libraries are imported only then.

- `ingest`: fill the index and the record store
- `recommend`: recommend items to users
- `similar_items`: find items similar to an item
- `to_file`: recommend to many users, into a file; `answer_files` has the formats
- `config`: the settings of the pipelines
- `pipeline`: the type that the builders return
- `calling`: call a pipeline, with the library's own errors
- `direct`: run a pipeline in the calling thread, and close what it opened
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
