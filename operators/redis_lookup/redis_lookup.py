"""The operator ``recsys/redis_lookup``, as the library has it."""

from towhee_recsys.operators import RedisLookup

__all__ = ["RedisLookup"]
