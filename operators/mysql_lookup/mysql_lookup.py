"""The operator ``recsys/mysql_lookup``, as the library has it."""

from towhee_recsys.operators import MySQLLookup

__all__ = ["MySQLLookup"]
