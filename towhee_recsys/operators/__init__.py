"""Towhee operators that call the components. Importing this package registers them.

After the import ``ops.recsys.user_encoder(...)`` and all other operators work, and so does
``AutoPipes.pipeline('recsys/recommend', config=AutoConfig.load_config('recsys/recommend'))``, also
for ``recsys/ingest`` and ``recsys/similar_items``.

- `user_encoder`, `item_encoder`: encode records as vectors
- `milvus_insert`, `milvus_publish`, `milvus_search`: fill and search the index
- `redis_insert`, `redis_lookup`, `mysql_insert`, `mysql_lookup`: write and read records
- `read_request`, `user_lookup`, `route`, `nearest_items`, `answer`: the steps of the pipelines
- `rule_filter`, `score_threshold`, `rerank_mmr`, `calibrate`, `explain`: optional steps
- `base`: the base classes of the operators
- `registration`: the names of the pipelines
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
