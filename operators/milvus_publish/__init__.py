from .milvus_publish import MilvusPublish


def milvus_publish(*args, **kwargs):
    return MilvusPublish(*args, **kwargs)
