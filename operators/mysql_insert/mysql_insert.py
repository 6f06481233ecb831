"""The operator ``recsys/mysql_insert``, as the library has it."""

from towhee_recsys.operators import MySQLInsert

__all__ = ["MySQLInsert"]
