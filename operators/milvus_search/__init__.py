from .milvus_search import MilvusSearch


def milvus_search(*args, **kwargs):
    return MilvusSearch(*args, **kwargs)
