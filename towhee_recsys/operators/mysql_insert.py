"""Operator ``recsys/mysql_insert``."""

from __future__ import annotations

from towhee import register

from towhee_recsys.operators.base import RecordInsert


@register(name="recsys/mysql_insert")
class MySQLInsert(RecordInsert):
    """``ops.recsys.mysql_insert(url='mysql+pymysql://…', kind='items')``: write a list of records.

    It returns how many were written. `kind` is ``items``, ``users`` or ``interactions``.
    """

    schemes = ("mysql+pymysql://", "mariadb+pymysql://")
