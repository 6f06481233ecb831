"""Ids → records from Redis."""

from __future__ import annotations

from towhee import register

from towhee_recsys.operators.records import RecordLookup


@register(name="recsys/redis_lookup")
class RedisLookup(RecordLookup):
    """``ops.recsys.redis_lookup(url='redis://…', kind='items')``: a list of ids → a list of
    records, ``{}`` where there is none. `kind` is ``items``, ``users`` or ``histories``."""

    schemes = ("redis://", "rediss://", "redis+cluster://", "embedded://")
