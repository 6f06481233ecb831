from .milvus_insert import MilvusInsert


def milvus_insert(*args, **kwargs):
    return MilvusInsert(*args, **kwargs)
