"""Many users → a file of their recommendations, batch by batch; what was cut short goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from towhee_recsys.errors import ConfigError
from towhee_recsys.pipelines.calling import call
from towhee_recsys.pipelines.config import RecommendConfig
from towhee_recsys.types import ITEM_ID, RANK, ROUTE, SCORE, USER_ID, Id

FORMATS = (".jsonl", ".parquet")
COLUMNS = (USER_ID, ITEM_ID, SCORE, RANK, ROUTE)
"""Of the Parquet table, which has a row for each recommendation."""

ROWS_AT_ONCE = 100_000
BATCHES_AT_ONCE = 2

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[int], None]
"""Told how many users are done."""


def recommend_to_file(
    config: RecommendConfig,
    users: Sequence[Id],
    path: str | Path,
    batch_size: int = 256,
    progress: Progress = lambda done: None,
) -> int:
    """Recommend to every user, and write it down.

    ``.jsonl`` has a line for each user, ``{"user_id", "recommendations"}``, records and all;
    ``.parquet`` a row for each recommendation, of `COLUMNS`. While it works it writes to
    ``<path>.part``, and the file itself is there only when it is whole. Called again with the same
    users after it was cut short, it goes on where it stopped; memory does not grow with the users.

    Args:
        config: of `recommend`.
        users: ids, in the order of the file.
        path: ends in ``.jsonl`` or ``.parquet``; a file that is there is replaced.
        batch_size: users in one call.
        progress: called after each batch.

    Returns:
        How many users the file has.

    Raises:
        ConfigError: `path` has another ending, or what is there of it was begun with other
            settings, another model or other users.
        RecsysError: as `recommend` and its calls do; what was written stays, to go on from.
    """
    from towhee_recsys.pipelines.recommend import recommend

    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(f"{path}: the name must end in {' or '.join(FORMATS)}")
    pipeline = recommend(config)
    part = path.with_name(f"{path.name}.part")
    with _resumed(part, _header(config, users)) as file:
        done = sum(1 for _ in file)
        progress(done)
        batches = (list(users[i : i + batch_size]) for i in range(done, len(users), batch_size))
        for batch, answers in _side_by_side(lambda batch: call(pipeline, batch), batches):
            for user, answer in zip(batch, answers, strict=True):
                file.write(_line({USER_ID: user, "recommendations": answer}))
            file.flush()
            done += len(batch)
            progress(done)
    _finish(part, path)
    return done


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
    digest = hashlib.sha256(json.dumps(list(users)).encode()).hexdigest()
    fingerprint = read_manifest(config.bundle).fingerprint
    return _line({"fingerprint": fingerprint, "users": digest, "settings": asked})


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


def _finish(part: Path, path: Path) -> None:
    whole = part.with_name(f"{part.name}.whole")
    with part.open("rb") as lines:
        lines.readline()  # the header
        if path.suffix == ".jsonl":
            with whole.open("wb") as file:
                file.writelines(lines)
        else:
            _write_parquet(map(json.loads, lines), whole)
    os.replace(whole, path)
    part.unlink()


def _write_parquet(users: Iterator[Mapping[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for rows in _tables(users):
        table = pa.Table.from_pylist(rows)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is None:
        pq.write_table(pa.table({name: [] for name in COLUMNS}), path)
    else:
        writer.close()


def _tables(users: Iterator[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for user in users:
        own = {USER_ID: user[USER_ID]}
        rows += [{**own, **{n: one[n] for n in COLUMNS[1:]}} for one in user["recommendations"]]
        if len(rows) >= ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _line(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"
