"""Ids → records from MySQL."""

from __future__ import annotations

from towhee import register

from towhee_recsys.operators.records import RecordLookup


@register(name="recsys/mysql_lookup")
class MySQLLookup(RecordLookup):
    """``ops.recsys.mysql_lookup(url='mysql+pymysql://…', kind='items')``: a list of ids → a list of
    records, ``{}`` where there is none. `kind` is ``items``, ``users`` or ``histories``."""

    schemes = ("mysql+pymysql://", "mariadb+pymysql://")
