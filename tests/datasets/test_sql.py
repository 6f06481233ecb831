"""Tables of databases, read as files are; secrets stay secret."""

from __future__ import annotations

import json
import sqlite3
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.datasets.readers.arrays import array_of, plain
from towhee_recsys.errors import DataError

CANARY = "canary-9f3"
STATEMENTS = (
    "CREATE TABLE plays (id INTEGER PRIMARY KEY, who VARCHAR(20), track INTEGER,"
    " stars DECIMAL(3,1), played TIMESTAMP NULL)",
    "INSERT INTO plays VALUES (3, 'ann', 8, 4.5, '2024-05-01 10:00:00'),"
    " (1, 'bob', 7, 5, '2024-05-01 10:00:01'), (2, 'ann', 7, NULL, '2024-05-02 00:00:00')",
    "CREATE TABLE tracks (track INTEGER PRIMARY KEY, title VARCHAR(40), year INTEGER)",
    "INSERT INTO tracks VALUES (7, '100% é', 1999), (8, 'Silence: a song', NULL)",
)
COLUMNS = {"user_id": "who", "item_id": "track", "timestamp": "played", "rating": "stars"}


def describe(folder: Path, url: str, **interactions: Any) -> Path:
    keys = interactions or {"table": "plays"}
    described = {
        "interactions": {"path": url, **COLUMNS, **keys},
        "items": {
            "path": url,
            "query": "SELECT * FROM tracks WHERE title LIKE '%' OR title = ':no'",
            "item_id": "track",
            "columns": {"title": "text", "year": "number"},
        },
    }
    if "password_env" in keys:
        described["items"]["password_env"] = keys["password_env"]
    path = folder / "dataset.yaml"
    path.write_text(json.dumps(described))
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        Dataset.load(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        for statement in STATEMENTS:
            database.execute(statement)
    return tmp_path


def check(dataset: Dataset) -> None:
    assert dataset.item_records() == [
        {"item_id": 7, "title": "100% é", "year": 1999},
        {"item_id": 8, "title": "Silence: a song", "year": None},
    ]
    rows = dataset.interactions.fillna(-1).to_numpy().tolist()
    assert rows == [
        ["bob", 7, 1714557601.0, 5.0],
        ["ann", 7, 1714608000.0, -1.0],
        ["ann", 8, 1714557600.0, 4.5],
    ]


def test_sqlite(sqlite: Path) -> None:
    path = describe(sqlite, "sqlite:///shop.db")
    check(Dataset.load(path))
    assert Dataset.load(path).warnings == ()


def test_mariadb(tmp_path: Path, mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(mysql_url)
    with engine.begin() as connection:
        for name in ("plays", "tracks"):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
        for statement in STATEMENTS:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()
    whole = make_url(mysql_url)
    url = URL.create(whole.drivername, whole.username, None, whole.host, whole.port, whole.database)
    monkeypatch.setenv("SHOP_PASSWORD", str(whole.password))
    path = describe(tmp_path, str(url), table="plays", password_env="SHOP_PASSWORD")
    dataset = Dataset.load(path)
    check(dataset)
    assert Dataset.load(path).warnings == ()
    monkeypatch.setenv("SHOP_PASSWORD", CANARY)
    first, second = told(path)
    assert "Access denied" in first
    assert CANARY not in first + second


def test_checksum_is_that_of_the_rows_in_any_order(sqlite: Path) -> None:
    def checksum(query: str) -> str:
        path = sqlite / "dataset.yaml"
        described = {"interactions": {"path": "sqlite:///shop.db", "query": query, **COLUMNS}}
        content = json.dumps(described)
        path.write_text(content + " " * (400 - len(content)))
        source = Dataset.load(path).source
        assert source is not None
        return source.sha256

    def same_yaml(order: str) -> str:
        with closing(sqlite3.connect(sqlite / "shop.db")) as database, database:
            database.execute("DROP VIEW IF EXISTS listed")
            database.execute(f"CREATE VIEW listed AS SELECT * FROM plays ORDER BY {order}")
        return checksum("SELECT * FROM listed")

    first = same_yaml("id")
    assert same_yaml("stars") == first
    with closing(sqlite3.connect(sqlite / "shop.db")) as database, database:
        database.execute("UPDATE plays SET stars = 1 WHERE id = 3")
    assert same_yaml("id") != first


def test_many_rows_are_read_in_batches(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("towhee_recsys.datasets.readers.sql._BATCH", 7)
    with closing(sqlite3.connect(sqlite / "shop.db")) as database, database:
        database.execute("DELETE FROM plays")
        rows = [(n, n if n < 20 else f"u{n}", 7 + n % 2, n, n) for n in range(50)]
        database.executemany("INSERT INTO plays VALUES (?, ?, ?, ?, ?)", rows)
    dataset = Dataset.load(describe(sqlite, "sqlite:///shop.db"))
    assert dataset.users["user_id"].tolist() == [f"{n}" if n < 20 else f"u{n}" for n in range(50)]


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"table": "play"}, ["table play: sqlite:///shop.db has no such table", "'plays'"]),
        ({"query": "SELECT nix FROM plays"}, ["query of interactions", "no such column"]),
        ({"query": "DELETE FROM nowhere"}, ["query of interactions", "no such table"]),
        ({}, ["a `table` or a `query`", "Give one of them"]),
        ({"table": "plays", "query": "x"}, ["both a `table` and a `query`", "Leave one out"]),
        ({"path": "https://h/plays.csv"}, ["web addresses are not read", "ownload the file"]),
        ({"path": "s3://bucket/plays.csv"}, ["web addresses are not read"]),
        ({"table": "plays", "order": "file"}, ["no order", "ORDER BY"]),
        ({"table": "plays", "user_id": "whom"}, ["table plays, column 'whom'", "'who'"]),
        ({"table": "plays", "read": {"header": False}}, ["'read' has what is for files"]),
        ({"table": "plays", "password_env": "NOWHERE_SET"}, ["NOWHERE_SET is not set"]),
        ({"table": "plays", "password_env": "a-secret!"}, ["'password_env' is wrong"]),
        ({"path": "sqlite:///none.db", "table": "plays"}, ["no file none.db"]),
        (
            {"path": "mysql+nothing://u@h/d", "table": "plays"},
            ["mysql+nothing://***@h/d", "mysql.nothing"],
        ),
        (
            {"path": "mysql+pymysql://u@127.0.0.1:1/d?credential=a-secret!", "table": "plays"},
            ["mysql+pymysql://***@127.0.0.1:1/d has a setting", "Check credential after"],
        ),
        ({"path": "mysql://u@h/d", "table": "plays"}, ["Write mysql+pymysql:// in place of"]),
        ({"path": "://", "table": "plays"}, ["is not the URL of a database"]),
    ],
)
def test_mistake_is_one_message(sqlite: Path, keys: dict[str, Any], parts: list[str]) -> None:
    described = {"interactions": {"path": "sqlite:///shop.db", **COLUMNS, **keys}}
    path = sqlite / "dataset.yaml"
    path.write_text(json.dumps(described))
    (message,) = told(path)
    assert all(part in message for part in parts), message
    assert "a-secret!" not in message
    assert not (sqlite / "none.db").exists()


def test_name_of_a_table_may_have_a_dot(sqlite: Path) -> None:
    with closing(sqlite3.connect(sqlite / "shop.db")) as database, database:
        database.execute('ALTER TABLE plays RENAME TO "shop.plays"')
    check(Dataset.load(describe(sqlite, "sqlite:///shop.db", table="shop.plays")))
    with closing(sqlite3.connect(sqlite / "shop.db")) as database, database:
        database.execute('ALTER TABLE "shop.plays" RENAME TO plays')
    check(Dataset.load(describe(sqlite, "sqlite:///shop.db", table="main.plays")))


def test_uuids_are_texts() -> None:
    one = uuid.UUID(int=1)
    assert array_of(plain([one, None])).to_pylist() == [str(one), None]


def test_order_of_a_query_counts(sqlite: Path) -> None:
    query = "SELECT * FROM plays\nORDER  BY played DESC"
    keys = {"query": query, "order": "file"}
    dataset = Dataset.load(describe(sqlite, "sqlite:///shop.db", **keys))
    assert dataset.interactions["user_id"].tolist() == ["ann", "bob", "ann"]


def test_password_in_the_url_is_warned_of_and_masked(tmp_path: Path) -> None:
    url = f"mysql+pymysql://ann:{CANARY}@127.0.0.1:1/shop"
    report = validate(describe(tmp_path, url))
    said = f"{report} {json.dumps(report.to_dict())}"
    assert "ann:***@127.0.0.1:1/shop holds a password" in said
    assert "cannot be read" in said
    assert CANARY not in said


def test_missing_package_is_one_clear_error(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = describe(sqlite, "sqlite:///shop.db")
    for module in [name for name in sys.modules if name.split(".")[0] == "sqlalchemy"]:
        monkeypatch.setitem(sys.modules, module, None)
    messages = told(path)
    assert all("pip install 'towhee_recsys[mysql]'" in message for message in messages)


@pytest.mark.parametrize("query", ["password={}", "token={}", "odbc_connect=UID%3Da%3BPWD%3D{}"])
def test_secrets_in_the_query_are_warned_of_and_masked(tmp_path: Path, query: str) -> None:
    url = f"mysql+pymysql://ann@127.0.0.1:1/shop?{query.format(CANARY)}"
    report = validate(describe(tmp_path, url))
    said = f"{report} {report.problems} {report.warnings}"
    assert CANARY not in said
    assert "=*** holds a password" in said


def test_other_settings_are_not_warned_of(tmp_path: Path) -> None:
    url = "mysql+pymysql://ann@127.0.0.1:1/shop?ssl_ca=ca.pem&charset=utf8mb4"
    assert not [one for one in validate(describe(tmp_path, url)).warnings if "holds" in one.wrong]


def test_a_value_of_users_that_is_no_text_is_not_quoted(sqlite: Path) -> None:
    with closing(sqlite3.connect(sqlite / "shop.db")) as database, database:
        database.execute("CREATE TABLE people (who TEXT, country TEXT)")
        broken = CANARY.encode() + b"\xff"
        database.execute("INSERT INTO people VALUES ('ann', CAST(? AS TEXT))", [broken])
    path = describe(sqlite, "sqlite:///shop.db")
    described = json.loads(path.read_text())
    described["users"] = {
        "path": "sqlite:///shop.db",
        "table": "people",
        "user_id": "who",
        "columns": {"country": "categorical"},
    }
    path.write_text(json.dumps(described))
    (said,) = told(path)
    assert "Could not decode to UTF-8 column 'country'" in said
    assert CANARY not in said
