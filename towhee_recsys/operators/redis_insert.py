"""Operator ``recsys/redis_insert``."""

from __future__ import annotations

from towhee import register

from towhee_recsys.operators.base import RecordInsert


@register(name="recsys/redis_insert")
class RedisInsert(RecordInsert):
    """``ops.recsys.redis_insert(url='redis://…', kind='items')``: write a list of records.

    It returns how many were written. `kind` is ``items``, ``users`` or ``interactions``.
    """

    schemes = ("redis://", "rediss://", "redis+cluster://", "embedded://")
