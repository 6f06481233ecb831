"""Towhee operators over the components; importing this registers them all.

After it, ``ops.recsys.user_encoder(...)`` and the others of `__all__` work, and so do
``AutoPipes.pipeline('recsys/recommend', config=AutoConfig.load_config('recsys/recommend'))`` and
the like for ``recsys/ingest`` and ``recsys/similar_items``.

- `user_encoder`, `item_encoder`: vectors of records
- `milvus_insert`, `milvus_publish`, `milvus_search`: the index
- `redis_insert`, `redis_lookup`, `mysql_insert`, `mysql_lookup`: the records
- `read_request`, `user_lookup`, `route`, `nearest_items`, `answer`: the steps of the pipelines
- `rule_filter`, `score_threshold`, `rerank_mmr`, `calibrate`, `explain`: further steps that a
  pipeline may have
- `base`: what operators have in common
- `registration`: the pipelines' names
"""

from towhee_recsys.operators.answer import Answer
from towhee_recsys.operators.calibrate import Calibrate
from towhee_recsys.operators.explain import Explain
from towhee_recsys.operators.item_encoder import ItemEncoder
from towhee_recsys.operators.milvus_insert import MilvusInsert
from towhee_recsys.operators.milvus_publish import MilvusPublish
from towhee_recsys.operators.milvus_search import MilvusSearch
from towhee_recsys.operators.mysql_insert import MySQLInsert
from towhee_recsys.operators.mysql_lookup import MySQLLookup
from towhee_recsys.operators.nearest_items import NearestItems
from towhee_recsys.operators.read_request import ReadRequest
from towhee_recsys.operators.redis_insert import RedisInsert
from towhee_recsys.operators.redis_lookup import RedisLookup
from towhee_recsys.operators.registration import register_pipelines as _register_pipelines
from towhee_recsys.operators.rerank_mmr import RerankMMR
from towhee_recsys.operators.route import Route
from towhee_recsys.operators.rule_filter import RuleFilter
from towhee_recsys.operators.score_threshold import ScoreThreshold
from towhee_recsys.operators.user_encoder import UserEncoder
from towhee_recsys.operators.user_lookup import UserLookup

_register_pipelines()

__all__ = [
    "Answer",
    "Calibrate",
    "Explain",
    "ItemEncoder",
    "MilvusInsert",
    "MilvusPublish",
    "MilvusSearch",
    "MySQLInsert",
    "MySQLLookup",
    "NearestItems",
    "ReadRequest",
    "RedisInsert",
    "RedisLookup",
    "RerankMMR",
    "Route",
    "RuleFilter",
    "ScoreThreshold",
    "UserEncoder",
    "UserLookup",
]
