"""Keep records and histories in MySQL or MariaDB, one JSON text a row."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import pymysql  # noqa: F401 - if it is missing, say so now and not when SQLAlchemy connects
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.mysql import LONGTEXT, VARBINARY, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateTable

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.base import CONNECTIONS
from towhee_recsys.stores.records.documents import KINDS, Change, DocumentStore, Kind
from towhee_recsys.types import MAX_ID_LENGTH

T = TypeVar("T")

DEADLOCK_CODES = {1020, 1205, 1213}  # changed since read, lock wait timed out, deadlock
UNAVAILABLE_CODES = {1040, 1053, 2002, 2003, 2006, 2013}  # too many clients, shutting down, no line
UPDATE_ATTEMPTS = 50


class MySQLStore(DocumentStore):
    """A `RecordStore` in four tables, such as ``recsys_items``, which are made on first use.

    Ids are binary keys: text collations would take ``a`` for ``A``, or ``x`` for ``x`` and a
    space. Rows are locked in the order of their keys. A transaction that the database gives up
    because of a deadlock is run again.
    """

    def __init__(
        self,
        url: str,
        where: str,
        namespace: str = "recsys",
        timeout: float = 10.0,
        connections: int = CONNECTIONS,
    ):
        """
        Args:
            url: ``mysql+pymysql://user:password@host:3306/database``, or ``mariadb+pymysql://``.
            where: what messages call it, without a password.
            namespace: what the names of the tables begin with.
            timeout: seconds for connecting, for each answer, and for a connection to become free.
            connections: open at the same time at most.
        """
        self.where = where
        waits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), timeout)
        self._engine: Engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            pool_recycle=1800,
            pool_timeout=timeout,
            isolation_level="REPEATABLE READ",  # its gap locks also guard rows not yet there
            connect_args={"charset": "utf8mb4", **waits},
        )
        self._tables = {kind: _table(f"{namespace}_{kind}") for kind in KINDS}
        self._made = False
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"MySQLStore({self.where!r})"

    def _read(self, kind: Kind, keys: Sequence[str]) -> list[str | None]:
        return self._transaction(lambda connection: self._select(connection, kind, keys))

    def _write(self, kind: Kind, texts: dict[str, str]) -> None:
        self._transaction(lambda connection: self._upsert(connection, kind, texts))

    def _update(self, kind: Kind, keys: Sequence[str], change: Change) -> None:
        keys = sorted(keys)

        def update(connection: Connection) -> None:
            texts = map(change, keys, self._select(connection, kind, keys, lock=True))
            changed = {key: text for key, text in zip(keys, texts, strict=True) if text}
            self._upsert(connection, kind, changed)

        self._transaction(update)

    def _delete(self, kind: Kind, keys: Sequence[str]) -> None:
        def run(connection: Connection) -> None:
            table = self._table(connection, kind)
            connection.execute(delete(table).where(table.c.id.in_([key.encode() for key in keys])))

        self._transaction(run)

    def _count(self, kind: Kind) -> int:
        return self._transaction(
            lambda connection: connection.execute(
                select(func.count()).select_from(self._table(connection, kind))
            ).scalar_one()
        )

    def ping(self) -> None:
        self._transaction(lambda connection: connection.execute(select(1)))

    def erase(self) -> str | None:
        logged = self._transaction(
            lambda connection: connection.execute(select(text("@@log_bin"))).scalar_one()
        )
        log = ", and its binary log until that expires" if logged else ""
        return (
            f"The rows are deleted. MySQL at {self.where} may keep their bytes in its files until "
            f"it writes over them{log}."
        )

    def _disconnect(self) -> None:
        self._engine.dispose(close=self._process == os.getpid())

    def _table(self, connection: Connection, kind: Kind) -> Table:
        """The table, which is made if needed: on this connection, as there may be no second one."""
        if not self._made:
            for table in self._tables.values():
                connection.execute(CreateTable(table, if_not_exists=True))
            self._made = True
        return self._tables[kind]

    def _select(
        self, connection: Connection, kind: Kind, keys: Sequence[str], lock: bool = False
    ) -> list[str | None]:
        table = self._table(connection, kind)
        ids = [key.encode() for key in keys]
        query = select(table.c.id, table.c.document).where(table.c.id.in_(ids))
        if lock:
            query = query.order_by(table.c.id).with_for_update()
        found = {bytes(row.id): row.document for row in connection.execute(query)}
        return [found.get(one) for one in ids]

    def _upsert(self, connection: Connection, kind: Kind, texts: dict[str, str]) -> None:
        if texts:
            statement = insert(self._table(connection, kind))
            statement = statement.on_duplicate_key_update(document=statement.inserted.document)
            rows = [{"id": key.encode(), "document": text} for key, text in sorted(texts.items())]
            connection.execute(statement, rows)

    def _transaction(self, run: Callable[[Connection], T]) -> T:
        self._check_open()
        if self._process != os.getpid():  # connections that a fork inherits are its parent's
            self._engine.dispose(close=False)
            self._process = os.getpid()
        with translated(self.where):
            for attempt in range(UPDATE_ATTEMPTS):
                try:
                    with self._engine.begin() as connection:
                        return run(connection)
                except DBAPIError as exc:
                    if _code(exc) not in DEADLOCK_CODES:
                        raise
                    time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))
        raise StoreError(
            f"{self.where}: {UPDATE_ATTEMPTS} deadlocks in a row with other writers; write with"
            " fewer processes at a time"
        )


def _table(name: str) -> Table:
    return Table(
        name,
        MetaData(),
        Column("id", VARBINARY(4 * MAX_ID_LENGTH), primary_key=True),
        Column("document", LONGTEXT, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
    )


def _code(exc: DBAPIError) -> object:
    return exc.orig.args[0] if exc.orig is not None and exc.orig.args else None


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn SQLAlchemy's exceptions into this library's, which name the server but no data."""
    try:
        yield
    except DBAPIError as exc:
        if exc.connection_invalidated or _code(exc) in UNAVAILABLE_CODES:
            raise StoreUnavailable(
                f"MySQL at {where} does not answer ({exc.orig}): is it running, and the address"
                " right?"
            ) from exc
        raise StoreError(f"MySQL at {where} refused: {exc.orig}") from exc
    except PoolTimeout as exc:
        raise StoreUnavailable(f"MySQL at {where}: all connections are busy") from exc
    except SQLAlchemyError as exc:
        raise StoreError(f"MySQL at {where}: {type(exc).__name__}") from exc
