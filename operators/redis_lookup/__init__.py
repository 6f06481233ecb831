from .redis_lookup import RedisLookup


def redis_lookup(*args, **kwargs):
    return RedisLookup(*args, **kwargs)
