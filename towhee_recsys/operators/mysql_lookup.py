"""Operator ``recsys/mysql_lookup``."""

from __future__ import annotations

from towhee import register

from towhee_recsys.operators.base import RecordLookup


@register(name="recsys/mysql_lookup")
class MySQLLookup(RecordLookup):
    """``ops.recsys.mysql_lookup(url='mysql+pymysql://…', kind='items')``: look up a list of ids.

    It returns a list of records, ``{}`` for an unknown id. `kind` is ``items``, ``users`` or
    ``histories``.
    """

    schemes = ("mysql+pymysql://", "mariadb+pymysql://")
