"""Operator ``recsys/redis_lookup``."""

from __future__ import annotations

from towhee import register

from towhee_recsys.operators.base import RecordLookup


@register(name="recsys/redis_lookup")
class RedisLookup(RecordLookup):
    """``ops.recsys.redis_lookup(url='redis://…', kind='items')``: look up a list of ids.

    It returns a list of records, ``{}`` for an unknown id. `kind` is ``items``, ``users`` or
    ``histories``.
    """

    schemes = ("redis://", "rediss://", "redis+cluster://", "embedded://")
