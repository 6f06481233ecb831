from .mysql_insert import MySQLInsert


def mysql_insert(*args, **kwargs):
    return MySQLInsert(*args, **kwargs)
