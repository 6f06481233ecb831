"""Read a table or a query of a database, batch by batch, into a table."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from towhee_recsys.datasets.readers.arrays import array_of, joined, plain
from towhee_recsys.datasets.readers.private import called_like_a_secret
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.text import is_harmless, listed, mask, near

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from towhee_recsys.datasets.readers.origin import Origin

_BATCH = 50_000
"""Rows in memory at once, as Python's objects."""

_PASSWORD = re.compile("(?:pwd|password)=([^;]+)", re.IGNORECASE)
"""A password in the settings of ODBC."""

Choose = Callable[[list[str]], "Collection[str] | None"]
"""Given a table's columns, says which to read; None if they will not do."""


def read_sql(
    origin: Origin,
    name: str,
    folder: Path,
    choose: Choose,
    problems: Problems,
    private: bool = False,
) -> tuple[Table, bytes] | None:
    """The rows, and a checksum of them in any order; None if they cannot be read.

    Args:
        origin: where the rows are.
        name: how problems call them.
        folder: the folder to which the path of an SQLite file is relative.
        choose: chooses the columns.
        problems: where to note what is wrong.
        private: whether they are about people, so that messages quote none of them.
    """
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        remedy = "Run pip install 'towhee_recsys[mysql]'."
        problems.add(name, f"{mask(origin.path)} needs SQLAlchemy", remedy)
        return None
    where = mask(origin.path)
    url = _url(origin, name, folder, problems)
    if url is None:
        return None
    try:
        with _connected(url) as connection:
            return _read(connection, origin, name, choose, problems)
    except ImportError as exc:  # the database's driver
        remedy = f"Install the package {exc.name or 'of its driver'}."
        if exc.name == "MySQLdb":
            remedy = "Write mysql+pymysql:// in place of mysql://, or install mysqlclient."
        problems.add(name, f"{where} needs a driver: {exc}", remedy)
    except TypeError as exc:  # the driver knows no such argument
        if not url.query:
            raise
        remedy = f"Check {listed(sorted(url.query))} after the question mark of the address."
        wrong = f"{where.partition('?')[0]} has a setting that its driver does not know: {exc}"
        problems.add(name, wrong, remedy)
    except (SQLAlchemyError, OSError, ValueError, RuntimeError) as exc:
        cause = str(getattr(exc, "orig", None) or exc).strip()
        for secret in _secrets(url):
            cause = cause.replace(secret, "***")
        if private:  # SQLite quotes a text that is not UTF-8
            cause = cause.partition(" with text ")[0]
        remedy = "Check the address, the user, the password and the query."
        problems.add(name, f"{where} cannot be read: {cause}", remedy)
    return None


def _url(origin: Origin, name: str, folder: Path, problems: Problems) -> URL | None:
    """The URL with its password and an absolute path."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    where = mask(origin.path)
    try:
        url = make_url(origin.path)
    except (SQLAlchemyError, ValueError):
        remedy = "Write it like mysql+pymysql://user@host:3306/database."
        problems.add(name, f"{where} is not the URL of a database", remedy)
        return None
    if url.password is not None or _has_secret_settings(url):
        problems.warn(
            name,
            f"{where} holds a password",
            "Name the environment variable that holds it: password_env: NAME.",
        )
    if origin.password_env:
        password = os.environ.get(origin.password_env)
        if password is None:
            wrong = f"the environment variable {origin.password_env} is not set"
            problems.add(name, wrong, f"Put the password of {where} there.")
            return None
        url = url.set(password=password)
    if url.get_backend_name() == "sqlite":
        path = folder / (url.database or "")
        if not path.is_file():  # SQLite would make it
            problems.add(name, f"there is no file {path.name}", f"It is looked for at {path}.")
            return None
        url = url.set(database=str(path))
    return url


def _has_secret_settings(url: URL) -> bool:
    return any(called_like_a_secret(k) or _PASSWORD.search(v) for k, v in _settings(url))


def _secrets(url: URL) -> list[str]:
    """The password of a URL, and what may be secret in its query."""
    found = [str(url.password)] if url.password else []
    for key, value in _settings(url):
        if not is_harmless(key, value):
            found += [value, *_PASSWORD.findall(value)]
    return found


def _settings(url: URL) -> Iterator[tuple[str, str]]:
    for key, values in url.query.items():
        yield from ((key, value) for value in ((values,) if isinstance(values, str) else values))


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    from sqlalchemy import NullPool, create_engine

    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        yield connection


def _read(
    connection: Connection, origin: Origin, name: str, choose: Choose, problems: Problems
) -> tuple[Table, bytes] | None:
    streamed = connection.execution_options(stream_results=True)
    if origin.query is None:
        query = _selected(connection, origin, name, choose, problems)
        if query is None:
            return None
    else:  # as it stands: a percent sign is no place for a parameter
        query = origin.query
        streamed = streamed.execution_options(no_parameters=True)
    result = streamed.exec_driver_sql(query)
    if not result.returns_rows:
        problems.add(name, "the query returns no rows", "Write a SELECT.")
        return None
    header = list(result.keys())
    columns = choose(header)
    if columns is None:
        return None
    names = sorted(set(columns))
    places = [header.index(column) for column in names]
    arrays: dict[str, list[Any]] = {column: [] for column in names}
    checksum = 0
    for rows in result.partitions(_BATCH):
        values = list(zip(*rows, strict=True))
        kept = [plain(values[place]) for place in places]
        hashes = [sha256(repr(row).encode()).digest() for row in zip(*kept, strict=True)]
        checksum += sum(int.from_bytes(one, "big") for one in hashes)
        for column, held in zip(names, kept, strict=True):
            arrays[column].append(array_of(held))
    found = {column: joined(chunks) for column, chunks in arrays.items()}
    table = Table(name, found, rows=lambda at: [i + 1 for i in at])
    return table, (checksum % 2**256).to_bytes(32, "big")


def _selected(
    connection: Connection, origin: Origin, name: str, choose: Choose, problems: Problems
) -> str | None:
    """The query for the chosen columns, in the order of the primary key; None if they will not
    do."""
    from sqlalchemy import MetaData, inspect, select
    from sqlalchemy import Table as DatabaseTable
    from sqlalchemy.exc import NoSuchTableError

    def reflected(bare: str, schema: str) -> DatabaseTable:
        return DatabaseTable(bare, MetaData(), autoload_with=connection, schema=schema or None)

    whole = str(origin.table)
    schema, _, bare = whole.rpartition(".")
    try:
        try:
            table = reflected(whole, "")
        except NoSuchTableError:
            if not schema:
                raise
            table = reflected(bare, schema)
    except NoSuchTableError:
        there = inspect(connection)
        names = [*there.get_table_names(schema or None), *there.get_view_names(schema or None)]
        problems.add(name, f"{mask(origin.path)} has no such table", near(bare, names))
        return None
    wanted = set(choose([column.name for column in table.columns]) or ())
    columns = [column for column in table.columns if column.name in wanted]
    if not columns:
        return None
    selected = select(*columns).order_by(*table.primary_key)
    return str(selected.compile(dialect=connection.dialect))


def called(origin: Origin, what: str) -> str:
    """How problems call the rows of a database."""
    return f"table {origin.table}" if origin.table else f"the query of {what}"
