"""The operator ``recsys/milvus_search``, as the library has it."""

from towhee_recsys.operators import MilvusSearch

__all__ = ["MilvusSearch"]
