"""Many users → a file of their recommendations, batch by batch; what was cut short goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from filelock import FileLock, Timeout

from towhee_recsys.errors import ConfigError, StoreUnavailable
from towhee_recsys.pipelines.calling import call
from towhee_recsys.pipelines.config import RecommendConfig
from towhee_recsys.types import (
    BECAUSE,
    CONTRIBUTION,
    DEGRADED,
    ITEM_ID,
    MAX_BATCH,
    PROBABILITY,
    RANK,
    ROUTE,
    SCORE,
    USER_ID,
    Id,
)

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = (".jsonl", ".parquet")
ROWS_AT_ONCE = 100_000
BATCHES_AT_ONCE = 2

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[int], None]
"""Told how many users are done."""


def recommend_to_file(
    config: RecommendConfig,
    users: Iterable[Id],
    path: str | Path,
    batch_size: int = 256,
    progress: Progress = lambda done: None,
) -> int:
    """Recommend to every user, and write it down.

    ``.jsonl`` has a line for each user, ``{"user_id", "recommendations"}``, records and all;
    ``.parquet`` a row for each recommendation, with ``user_id``, ``item_id``, ``score``, ``rank``,
    ``route``, and ``probability`` and ``because`` where the config asks for them. While it works it
    writes to ``<path>.part``, and the file itself is there only when it is whole. Called again with
    the same users after it was cut short, it goes on where it stopped; beyond the users' ids memory
    does not grow with their number.

    Args:
        config: of `recommend`.
        users: ids, in the order of the file.
        path: ends in ``.jsonl`` or ``.parquet``; a file that is there is replaced.
        batch_size: users in one call, up to 10,000.
        progress: called after each batch.

    Returns:
        How many users the file has.

    Raises:
        ConfigError: `path` has another ending or lies in no folder, `batch_size` is out of range,
            somebody else is writing this file, or what is there of it was begun with other
            settings, another model or other users (where index and store are may change).
        StoreUnavailable: the index or the store did not answer. A pipeline would answer without it
            then, but a file outlives the outage. What was written stays, to go on from.
        RecsysError: as `recommend` and its calls do; again what was written stays.
    """
    from towhee_recsys.pipelines.recommend import recommend

    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(f"{path}: the name must end in {' or '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is no folder; make it first")
    if not 1 <= batch_size <= MAX_BATCH:
        raise ConfigError(f"batch_size is {batch_size!r}; give 1 to {MAX_BATCH:,}")
    if isinstance(users, str):
        raise ConfigError(f"users is one text, {users!r}; give a list of ids")
    asked: list[Id] = [one.item() if isinstance(one, np.generic) else one for one in users]
    pipeline = recommend(config)
    part = path.with_name(f"{path.name}.part")
    with _alone(part):
        with _resumed(part, _header(config, asked)) as file:
            done = sum(1 for _ in file)
            progress(done)
            batches = (asked[i : i + batch_size] for i in range(done, len(asked), batch_size))
            for batch, answers in _side_by_side(lambda batch: call(pipeline, batch), batches):
                _check_whole(answers, part, done)
                for user, answer in zip(batch, answers, strict=True):
                    file.write(_line({USER_ID: user, "recommendations": answer}))
                file.flush()
                done += len(batch)
                progress(done)
        _finish(part, path, config)
    return done


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    lock = FileLock(f"{part}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as exc:
        raise ConfigError(f"{part} is being written by somebody else; let that end first") from exc
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            Path(lock.lock_file).unlink()
        lock.release()


def _check_whole(answers: Sequence[Sequence[Mapping[str, Any]]], part: Path, done: int) -> None:
    marks = [set(row.get(DEGRADED, ())) for answer in answers for row in answer]
    lacking = set().union(*marks)
    if not all("items" in one for one in marks):
        lacking.discard("items")  # the store is there, but has nothing about some item
    if lacking:
        raise StoreUnavailable(
            f"the answers for users {done:,} and on lack {', '.join(sorted(lacking))}, as a store "
            f"or the index did not answer; {part} has what was done before, and the same call "
            "goes on from there"
        )


def _side_by_side(ask: Callable[[T], R], batches: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Each batch and its answer, in order; while the index searches for one, another is encoded."""
    with ThreadPoolExecutor(BATCHES_AT_ONCE) as threads:
        asked: deque[tuple[T, Future[R]]] = deque()
        for batch in batches:
            asked.append((batch, threads.submit(ask, batch)))
            if len(asked) == BATCHES_AT_ONCE:
                first, answer = asked.popleft()
                yield first, answer.result()
        for first, answer in asked:
            yield first, answer.result()


def _header(config: RecommendConfig, users: Sequence[Id]) -> bytes:
    """What must be the same for a file to be gone on with, as its first line."""
    from towhee_recsys.bundle import read_manifest

    asked = config.model_dump(exclude={"bundle", "milvus_uri", "store_url", "connections"})
    # A rule's filter may have sets and NumPy's numbers.
    settings = json.loads(json.dumps(asked, default=_plain))
    digest = hashlib.sha256(json.dumps(list(users)).encode()).hexdigest()
    fingerprint = read_manifest(config.bundle).fingerprint
    return _line({"fingerprint": fingerprint, "users": digest, "settings": settings})


def _resumed(part: Path, header: bytes) -> BinaryIO:
    """The file, behind its header and with whole lines only, open for reading them and for more."""
    begun = part.exists() and part.stat().st_size > 0
    file = part.open("r+b" if begun else "w+b")
    if not begun:
        file.write(header)
    elif file.readline() != header:
        file.close()
        raise ConfigError(
            f"{part} was begun with another model, other settings or other users; delete it to "
            "begin anew, or write to another file"
        )
    _drop_broken_line(file)
    file.seek(len(header))
    return file


def _drop_broken_line(file: BinaryIO) -> None:
    """Whoever wrote last may have been cut short."""
    size = end = file.seek(0, os.SEEK_END)
    while end:
        file.seek(end - 1)
        if file.read(1) == b"\n":
            break
        end -= 1
    if end < size:
        file.truncate(end)


def _finish(part: Path, path: Path, config: RecommendConfig) -> None:
    whole = part.with_name(f"{part.name}.whole")
    with part.open("rb") as lines:
        lines.readline()  # the header
        if path.suffix == ".jsonl":
            with whole.open("wb") as file:
                file.writelines(lines)
        else:
            _write_parquet(map(json.loads, lines), whole, _schema(config))
    with whole.open("rb") as file:
        os.fsync(file.fileno())  # or a power cut could leave neither this nor the part
    os.replace(whole, path)
    part.unlink()


def _schema(config: RecommendConfig) -> pa.Schema:
    """The columns of a Parquet file, whatever rows it has."""
    import pyarrow as pa

    from towhee_recsys.operators import shared

    kinds = {"int": pa.int64(), "str": pa.string()}
    user, item = (kinds[shared.metadata(config.bundle).id_types[n]] for n in (USER_ID, ITEM_ID))
    columns = {USER_ID: user, ITEM_ID: item, SCORE: pa.float64(), RANK: pa.int64()}
    columns[ROUTE] = pa.string()
    if config.calibrate:
        columns[PROBABILITY] = pa.float64()
    if config.explain:
        columns[BECAUSE] = pa.list_(pa.struct({ITEM_ID: item, CONTRIBUTION: pa.float64()}))
    return pa.schema(columns)


def _write_parquet(users: Iterable[Mapping[str, Any]], path: Path, schema: pa.Schema) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema) as writer:
        for rows in _tables(users, schema.names):
            writer.write_table(pa.Table.from_pylist(rows, schema))


def _tables(
    users: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for user in users:
        own = {USER_ID: user[USER_ID]}
        rows += [
            {**own, **{name: one.get(name) for name in columns[1:]}}
            for one in user["recommendations"]
        ]
        if len(rows) >= ROWS_AT_ONCE:
            yield rows
            rows = []
    yield rows


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    return value.tolist() if hasattr(value, "tolist") else repr(value)


def _line(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"
