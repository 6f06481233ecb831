"""Compute vectors with trained towers, without gradients, for encoders and validation."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.features.history import pad_histories
from towhee_recsys.model.backend import paddle
from towhee_recsys.model.blas import one_thread_each
from towhee_recsys.model.numpy_set_tower import NumpySetTower
from towhee_recsys.model.numpy_tower import NumpyTower
from towhee_recsys.model.set_tower import SetTower
from towhee_recsys.model.towers import TwoTowers, UserTower

Vectors: TypeAlias = NDArray[np.float32]

ITEMS_AT_ONCE = 4_096
POSITIONS_AT_ONCE = 3_200
"""Padded positions in one forward: 16 histories of 200 items. More do not fit the cache."""


def item_vectors(
    members: Sequence[TwoTowers], codes: NDArray[Any], arrays: Mapping[str, NDArray[Any]]
) -> Vectors:
    """``(N, size)`` float32, the members' vectors of N items side by side.

    Args:
        members: towers of one config.
        codes: ``(N,)`` codes of the items' ids; `UNKNOWN` for items that were not in training.
        arrays: the items' features, N rows each.
    """
    vectors = np.empty((len(codes), sum(member.config.member_size for member in members)), "f4")
    with paddle.no_grad():
        for begin in range(0, len(codes), ITEMS_AT_ONCE):
            part = slice(begin, begin + ITEMS_AT_ONCE)
            chunk = {name: array[part] for name, array in arrays.items()}
            ids = paddle.to_tensor(codes[part])
            vectors[part] = np.concatenate([m.item(ids, chunk).numpy() for m in members], axis=1)
    return vectors


class UserForward:
    """Computes users' vectors from histories and records' features.

    With enough work for two cores, the members are computed at the same time.
    """

    def __init__(self, members: Sequence[TwoTowers], items: Vectors) -> None:
        """`items`: ``(N, size)``, see `item_vectors`; histories are rows of it."""
        config = members[0].config
        self._member_size = config.member_size
        self._begin = config.begin
        self._limit = config.max_history if config.ordered else None
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        _forwards.add(self)
        self._parts = np.split(items, len(members), axis=1)
        self._towers = [
            NumpySetTower(member.user, part)
            if isinstance(member.user, SetTower)
            else HistoryReader(member.user, part, config.max_history)
            for member, part in zip(members, self._parts, strict=True)
        ]

    def __call__(
        self, histories: Sequence[NDArray[np.int32]], arrays: Mapping[str, NDArray[Any]]
    ) -> Vectors:
        """``(B, size)`` float32.

        Args:
            histories: item rows, oldest first. Of a long history the latest items are read, unless
                the order has no part in the model.
            arrays: the records' features, B rows each.
        """
        vectors = np.empty((len(histories), self._member_size * len(self._towers)), np.float32)
        chunks = list(self._chunks([len(history) for history in histories]))
        jobs = [(member, chunk) for chunk in chunks for member in range(len(self._towers))]

        def compute(job: tuple[int, list[int]]) -> None:
            member, chunk = job
            begin = member * self._member_size
            vectors[chunk, begin : begin + self._member_size] = self._towers[member](
                [histories[i] for i in chunk], {n: a[chunk] for n, a in arrays.items()}
            )

        with one_thread_each():
            # A single chunk is done before another thread would start.
            for _ in map(compute, jobs) if len(chunks) < 2 else self._pool().map(compute, jobs):
                pass
        return vectors

    def contributions(
        self, history: NDArray[np.int32], arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.int32], Vectors]:
        """The N distinct items of a history that the towers read, and what each adds to the user's
        vector, ``(N, size)``.

        Args:
            history: item rows, oldest first.
            arrays: the record's features, one row each.
        """
        read = np.unique(history[-self._limit :] if self._limit else history)
        sets = [tower for tower in self._towers if isinstance(tower, NumpySetTower)]
        if sets:
            without = np.hstack([tower.without_each(read, arrays) for tower in sets])
            return read, self([read], arrays) - without
        repeated = {name: np.repeat(array, 1 + len(read), 0) for name, array in arrays.items()}
        vectors = self([history, *(history[history != row] for row in read)], repeated)
        return read, vectors[0] - vectors[1:]

    def close(self) -> None:
        """End the threads; a later call starts new ones."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(len(self._towers), "towhee-recsys-towers")
            return self._threads

    def scores(self, vectors: Vectors) -> Vectors:
        """``(B, N)``: the inner products of users' vectors with all items."""
        users = np.split(vectors, len(self._parts), axis=1)
        with one_thread_each():
            return np.asarray(sum(u @ part.T for u, part in zip(users, self._parts, strict=True)))

    def _chunks(self, lengths: list[int]) -> Iterator[list[int]]:
        """Chunks of users with histories of similar length, of a bounded number of positions."""
        chunk: list[int] = []
        for i in sorted(range(len(lengths)), key=lengths.__getitem__):
            padded = lengths[i] - self._begin(lengths[i]) + 1
            if chunk and (len(chunk) + 1) * padded > POSITIONS_AT_ONCE:
                yield chunk
                chunk = []
            chunk.append(i)
        if chunk:
            yield chunk


class HistoryReader:
    """A `NumpyTower` that reads histories of item rows."""

    def __init__(self, tower: UserTower, items: Vectors, limit: int) -> None:
        """
        Args:
            tower: the trained tower.
            items: ``(N, size)`` vectors; histories are rows of it.
            limit: how many of the latest items to read.
        """
        self._tower, self._limit, self._start = NumpyTower(tower, limit + 1), limit, len(items)
        self._table = np.concatenate([items, tower.start.numpy()])

    def __call__(
        self, histories: Sequence[NDArray[np.int32]], arrays: Mapping[str, NDArray[Any]]
    ) -> Vectors:
        """``(B, size)``: the vectors of users with these histories, oldest item first."""
        codes, lengths = pad_histories(histories, self._start, self._limit)
        return self._tower(self._table[codes], arrays, lengths.astype(np.int64) - 1)


_forwards: weakref.WeakSet[UserForward] = weakref.WeakSet()


def _after_fork() -> None:
    """A child has none of its parent's threads, and locks that they may have held."""
    for forward in _forwards:
        forward._threads, forward._lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
