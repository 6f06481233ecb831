"""The operator ``recsys/redis_insert``, as the library has it."""

from towhee_recsys.operators import RedisInsert

__all__ = ["RedisInsert"]
