"""The operator ``recsys/milvus_publish``, as the library has it."""

from towhee_recsys.operators import MilvusPublish

__all__ = ["MilvusPublish"]
