"""Private data is nowhere in a deployment: neither what was not named, nor what was forgotten."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures.commands import invoke

from towhee_recsys import Dataset
from towhee_recsys import train as fit
from towhee_recsys.model import ModelConfig
from towhee_recsys.operations import training
from towhee_recsys.operations.home import Home
from towhee_recsys.pipelines import IngestConfig, call, ingest
from towhee_recsys.training import TrainingConfig

SECRET, NOTE = "canary-password", "canary-note"
SOMEBODY = 7
USERS = pd.DataFrame(
    {
        "user_id": range(40),
        "country": ["NL", "DE"] * 20,
        "password": [f"{SECRET}-{n}" for n in range(40)],
        "hint": [f"{SECRET}-{n % 2}" for n in range(40)],
        "remark": [f"{SECRET} {n % 40}" for n in range(40)],
        "note": [NOTE if n == SOMEBODY else "" for n in range(40)],
    }
).rename(columns={"hint": "passwordHint"})
ITEMS = pd.DataFrame({"item_id": range(1000, 1024), "half": ["low", "high"] * 12})
PLAYS = pd.DataFrame(
    [(user, 1000 + (user + step) % 24, 1e9 + step) for user in range(40) for step in range(8)],
    columns=["user_id", "item_id", "timestamp"],
)
MODEL = ModelConfig(
    embedding_size=256, members=1, heads=4, hidden_size=32, max_history=12, blocks=1
)
SHORT = TrainingConfig(epochs=1, batch_positions=120)


def dataset(**named: Any) -> Dataset:
    return Dataset.from_frames(PLAYS, ITEMS, USERS, name="canaries", **named)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model, its report, and the checkpoint of its training. The note is named."""
    home = Home(tmp_path_factory.mktemp("private") / "home")
    data = dataset(user_columns={"country": "categorical", "note": "display"})
    fit(data, SHORT, MODEL, checkpoint=home.checkpoint)
    bundle = training.train(home, data, MODEL, SHORT, checkpoint=False)
    bundle, findings = training.measure(home, bundle, data)
    training.write_report(home, bundle, data, findings)
    assert list(home.checkpoint.iterdir())
    return home.folder


def fill(home: Home, data: Dataset, **settings: Any) -> dict[str, Any]:
    with ingest(IngestConfig(**home.pipelines, **settings)) as pipeline:
        report: dict[str, Any] = call(pipeline, data)
    return report


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder in whose bytes or names there is a word."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    return [
        path.relative_to(folder).as_posix()
        for path in files
        if word in path.name or word.encode() in path.read_bytes()
    ]


@contextlib.contextmanager
def _redis_values(url: str) -> Iterator[Callable[[], str]]:
    import redis
    from redis.cluster import RedisCluster

    plain = url.replace("redis+cluster", "redis")
    client: Any = (RedisCluster if plain != url else redis.Redis).from_url(plain)

    def values() -> str:
        keys = list(client.scan_iter(count=10_000))
        kept = [client.get(k) if client.type(k) == b"string" else client.smembers(k) for k in keys]
        return f"{keys} {kept}"

    with contextlib.closing(client):
        yield values


@contextlib.contextmanager
def _mysql_values(url: str) -> Iterator[Callable[[], str]]:
    import sqlalchemy

    engine = sqlalchemy.create_engine(url)

    def values() -> str:
        with engine.connect() as connection:
            tables = connection.execute(sqlalchemy.text("SHOW TABLES")).scalars().all()
            rows = [connection.execute(sqlalchemy.text(f"SELECT * FROM {one}")) for one in tables]
            return str([row.all() for row in rows])

    yield values
    engine.dispose()


def test_an_unnamed_password_is_in_no_file_or_log(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    caplog.set_level(logging.DEBUG)
    home = Home(tmp_path / "home")
    data = dataset()
    assert list(data.schema.users) == ["country"]
    fit(data, SHORT, MODEL, checkpoint=home.checkpoint)
    bundle = training.train(home, data, MODEL, SHORT, checkpoint=False)
    bundle, findings = training.measure(home, bundle, data)
    training.write_report(home, bundle, data, findings)
    fill(home, data)
    assert holding(home.folder, "high")
    assert holding(home.folder, SECRET) == []
    shown = invoke(home.folder, "export-user", str(SOMEBODY), "--json").stdout
    said = [*capfd.readouterr(), caplog.text, *(str(one.message) for one in recwarn), shown]
    assert SECRET not in "\n".join(said)
    assert "passwordHint" in "\n".join(said)


@pytest.mark.parametrize("server", ["embedded_url", "redis_url", "redis_cluster_url", "mysql_url"])
def test_a_forgotten_user_is_gone_everywhere_and_stays_away(
    server: str, made: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "home"
    shutil.copytree(made, folder)
    embedded = server == "embedded_url"
    url = "" if embedded else str(request.getfixturevalue(server))
    home = Home(folder, store=url or None)
    words = ["--store-url", url] if url else []
    open_values = _mysql_values if server == "mysql_url" else _redis_values
    data = dataset(user_columns={"country": "categorical", "note": "display"})
    fill(home, data)

    def found() -> list[str]:
        """Where the note is."""
        there = holding(folder, NOTE)
        if not embedded:
            with open_values(url) as values:
                there += ["the server"] if NOTE in values() else []
        return there

    assert len(found()) == 1
    assert found()[0].startswith("store/" if embedded else "the server")
    assert invoke(folder, *words, "forget", str(SOMEBODY)).exit_code == 0
    assert found() == []
    assert fill(home, data)["forgotten_users"] == 1
    assert found() == []
    result = invoke(folder, *words, "export-user", str(SOMEBODY))
    assert "no record" in result.stdout
    assert fill(home, data, restore_forgotten=True)["users"] == 40
    assert len(found()) == 1


def test_no_id_can_be_read_off_the_list(made: Path, redis_url: str) -> None:
    home = Home(made, store=redis_url)
    with home.open_store() as store:
        store.forget_users(["somebody@example.org", 1234567])
        store.remove_interactions("somebody@example.org", [7654321])
    with _redis_values(redis_url) as values:
        there = values()
    assert "recsys:forgotten" in there
    for word in ("somebody", "1234567", "7654321"):
        assert word not in there
