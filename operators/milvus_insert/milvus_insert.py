"""The operator ``recsys/milvus_insert``, as the library has it."""

from towhee_recsys.operators import MilvusInsert

__all__ = ["MilvusInsert"]
