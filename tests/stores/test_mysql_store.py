from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from services.processes import free_port

from towhee_recsys.errors import StoreError, StoreUnavailable
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.testing import RecordStoreConformance


class TestMySQLStore(RecordStoreConformance):
    @pytest.fixture
    def store(self, mysql_url: str) -> Iterator[RecordStore]:
        store = open_record_store(mysql_url, namespace="t" + uuid.uuid4().hex)
        yield store
        store.close()


class TestMariaDBStore(RecordStoreConformance):
    @pytest.fixture
    def store(self, mysql_url: str) -> Iterator[RecordStore]:
        url = mysql_url.replace("mysql+pymysql", "mariadb+pymysql")
        store = open_record_store(url, namespace="t" + uuid.uuid4().hex)
        yield store
        store.close()


def test_other_clients_read_the_rows(mysql_url: str) -> None:
    import sqlalchemy

    store = open_record_store(mysql_url)
    store.put_items([{"item_id": "ä", "title": "😀"}])
    engine = sqlalchemy.create_engine(mysql_url)
    query = sqlalchemy.text("SELECT id, document FROM recsys_items WHERE document LIKE '%😀%'")
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    engine.dispose()
    store.close()
    assert rows == [("ä".encode(), '{"item_id":"ä","title":"😀"}')]


def test_an_unreachable_server_is_named_without_its_password() -> None:
    port = free_port()
    store = open_record_store(f"mysql+pymysql://me:s3cret@127.0.0.1:{port}/db", timeout=2)
    with pytest.raises(StoreUnavailable, match=rf"me:\*\*\*@127.0.0.1:{port}/db") as caught:
        store.ping()
    assert "s3cret" not in f"{caught.value} {store!r}"


def test_a_refused_login_and_a_database_that_is_not_there(mysql_url: str) -> None:
    for wrong in (mysql_url.replace("word@", "w0rd@"), mysql_url + "_other"):
        store = open_record_store(wrong, timeout=10)
        with pytest.raises(StoreError, match="denied") as caught:
            store.counts()
        assert "s3cret" not in str(caught.value)
        store.close()
