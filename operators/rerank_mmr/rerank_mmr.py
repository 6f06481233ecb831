"""The operator ``recsys/rerank_mmr``, as the library has it."""

from towhee_recsys.operators import RerankMMR

__all__ = ["RerankMMR"]
