from .redis_insert import RedisInsert


def redis_insert(*args, **kwargs):
    return RedisInsert(*args, **kwargs)
