"""Write recommendations for many users to a file, in batches. An interrupted run can continue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from towhee_recsys.errors import ConfigError, StoreUnavailable
from towhee_recsys.pipelines.answer_files import FORMATS, AnswerFile
from towhee_recsys.pipelines.calling import call
from towhee_recsys.pipelines.config import RecommendConfig
from towhee_recsys.pipelines.recommend import recommend
from towhee_recsys.types import DEGRADED, MAX_BATCH, Id

BATCHES_AT_ONCE = 2

T = TypeVar("T")
R = TypeVar("R")


def recommend_to_file(
    config: RecommendConfig,
    users: Iterable[Id],
    path: str | Path,
    batch_size: int = 256,
    progress: Callable[[int], None] = lambda done: None,
    columns: Sequence[str] | None = None,
) -> int:
    """Write the recommendations for each user to a file.

    A ``.jsonl`` file has a line for each user, ``{"user_id": …, "recommendations": […]}``, with the
    items' records. A ``.parquet`` file has a row for each recommendation: ``user_id``, ``item_id``,
    ``score``, ``rank``, ``route``, ``probability`` and ``because`` if the config sets `calibrate`
    and `explain`, and the `columns` of the items' records.

    Answers are written to ``<path>.part`` first, and `path` appears only when all are written. If a
    run was interrupted, the next one with the same users continues it. Memory does not grow with
    the number of users, except for their ids.

    Args:
        config: the settings of `recommend`.
        users: the users' ids, in the order of the file.
        path: a name that ends in ``.jsonl`` or ``.parquet``. An existing file is replaced.
        batch_size: users in one call, 1 to 10,000.
        progress: called after each batch with the number of users written so far.
        columns: the columns of the items' records to write. By default a ``.jsonl`` file has all,
            and a ``.parquet`` file none.

    Returns:
        The number of users in the file.

    Raises:
        ConfigError: `path` has another ending, its folder does not exist, `batch_size` is out of
            range, another process writes this file, or ``<path>.part`` was begun with another
            model, other settings or other users, or before something of these users was forgotten,
            or the items have no column of a name in `columns`. Index and store may have moved.
        StoreUnavailable: the index or the store did not answer. A pipeline would give a degraded
            answer, which a file should not keep. The answers so far stay in ``<path>.part``.
        RecsysError: as in `recommend` and its calls. The answers so far stay in ``<path>.part``.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(f"{path}: the name must end in {' or '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is not a folder; create it first")
    if not 1 <= batch_size <= MAX_BATCH:
        raise ConfigError(f"batch_size is {batch_size!r}; give 1 to {MAX_BATCH:,}")
    if isinstance(users, str):
        raise ConfigError(f"users is the text {users!r}; give a list of ids")
    ids: list[Id] = [one.item() if isinstance(one, np.generic) else one for one in users]
    with recommend(config) as pipeline:
        file = AnswerFile(path, config, pipeline.resources.bundle, columns)
        with file.opened(ids, pipeline.resources.store.forgotten(ids)) as writer:
            done = writer.done
            progress(done)
            batches = (ids[i : i + batch_size] for i in range(done, len(ids), batch_size))
            for batch, answers in _side_by_side(lambda batch: call(pipeline, batch), batches):
                _check_whole(answers, file.part, done)
                writer.write(batch, answers)
                done += len(batch)
                progress(done)
    return done


def _check_whole(answers: Sequence[Sequence[Mapping[str, Any]]], part: Path, done: int) -> None:
    marks = [set(row.get(DEGRADED, ())) for answer in answers for row in answer]
    lacking = set().union(*marks)
    if not all("items" in mark for mark in marks):
        lacking.discard("items")  # the store answers, but has no record of some item
    if lacking:
        raise StoreUnavailable(
            f"the answers from user {done:,} on lack {', '.join(sorted(lacking))}, because a store "
            f"or the index did not answer; the answers before are in {part}, and the same call "
            "continues from there"
        )


def _side_by_side(answer: Callable[[T], R], batches: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Each batch and its answer, in order. While the index searches for one batch, the next batch
    is encoded."""
    with ThreadPoolExecutor(BATCHES_AT_ONCE) as threads:
        begun: deque[tuple[T, Future[R]]] = deque()
        for batch in batches:
            begun.append((batch, threads.submit(answer, batch)))
            if len(begun) == BATCHES_AT_ONCE:
                first, future = begun.popleft()
                yield first, future.result()
        for first, future in begun:
            yield first, future.result()
