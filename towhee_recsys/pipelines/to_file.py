"""Recommend to many users into a file, batch by batch; a run that was cut short goes on."""

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
) -> int:
    """Recommend to every user, and write the answers down.

    ``.jsonl`` has a line for each user, ``{"user_id", "recommendations"}``, records and all;
    ``.parquet`` a row for each recommendation, with ``user_id``, ``item_id``, ``score``, ``rank``,
    ``route``, and ``probability`` and ``because`` if the config asks for them. It writes to
    ``<path>.part`` first; the file itself is there only when it is whole. Called again with the
    same users after it was cut short, it goes on where it stopped. Apart from the users' ids,
    memory does not grow with their number.

    Args:
        config: of `recommend`.
        users: ids, in the order of the file.
        path: ends in ``.jsonl`` or ``.parquet``; a file that is there is replaced.
        batch_size: users in one call, up to 10,000.
        progress: called after each batch with the number of users that are done.

    Returns:
        How many users the file has.

    Raises:
        ConfigError: `path` has another ending or lies in no folder, `batch_size` is out of range,
            another process writes this file, or what is there of it was begun with other settings,
            another model or other users (index and store may be elsewhere now).
        StoreUnavailable: the index or the store did not answer. A pipeline would answer without it,
            but a file outlives the outage. What was written stays, to go on from.
        RecsysError: as `recommend` and its calls do; again what was written stays.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(f"{path}: the name must end in {' or '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is no folder; make it first")
    if not 1 <= batch_size <= MAX_BATCH:
        raise ConfigError(f"batch_size is {batch_size!r}; give 1 to {MAX_BATCH:,}")
    if isinstance(users, str):
        raise ConfigError(f"users is one text, {users!r}; give a list of ids")
    ids: list[Id] = [one.item() if isinstance(one, np.generic) else one for one in users]
    with recommend(config) as pipeline:
        file = AnswerFile(path, config, pipeline.resources.bundle)
        with file.opened(ids) as writer:
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
    if not all("items" in one for one in marks):
        lacking.discard("items")  # the store is there, but has no record of some item
    if lacking:
        raise StoreUnavailable(
            f"the answers for users {done:,} and on lack {', '.join(sorted(lacking))}, as a store "
            f"or the index did not answer; {part} has what was done before, and the same call "
            "goes on from there"
        )


def _side_by_side(answer: Callable[[T], R], batches: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Each batch and its answer, in order. While the index searches for one batch, the next one is
    encoded."""
    with ThreadPoolExecutor(BATCHES_AT_ONCE) as threads:
        begun: deque[tuple[T, Future[R]]] = deque()
        for batch in batches:
            begun.append((batch, threads.submit(answer, batch)))
            if len(begun) == BATCHES_AT_ONCE:
                first, future = begun.popleft()
                yield first, future.result()
        for first, future in begun:
            yield first, future.result()
