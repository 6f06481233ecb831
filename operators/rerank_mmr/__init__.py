from .rerank_mmr import RerankMMR


def rerank_mmr(*args, **kwargs):
    return RerankMMR(*args, **kwargs)
