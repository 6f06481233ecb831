from .mysql_lookup import MySQLLookup


def mysql_lookup(*args, **kwargs):
    return MySQLLookup(*args, **kwargs)
