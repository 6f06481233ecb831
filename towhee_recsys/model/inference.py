"""Trained towers and arrays → vectors, without gradients: what encoders and validation compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.features.history import pad_histories
from towhee_recsys.model.backend import functional, paddle
from towhee_recsys.model.towers import TwoTowers

Vectors: TypeAlias = NDArray[np.float32]

ITEMS_AT_ONCE = 4_096
POSITIONS_AT_ONCE = 3_200
"""Padded positions in one forward: 16 histories of 200 items. More leave the processor's cache."""


def item_vectors(
    members: Sequence[TwoTowers], codes: NDArray[Any], arrays: Mapping[str, NDArray[Any]]
) -> Vectors:
    """``(N, size)`` float32, the members' vectors of N items side by side.

    Args:
        members: towers of one config.
        codes: ``(N,)`` codes of the items' ids, `UNKNOWN` for those that were not there.
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
    """Histories and records' features → users' vectors: the user towers, as serving needs them.

    What does not depend on the user is computed once, and the last block only at the last
    position. Members are computed side by side where there is work enough for two cores.
    """

    def __init__(self, members: Sequence[TwoTowers], items: Vectors) -> None:
        """`items`: ``(N, size)``, see `item_vectors`; histories are rows of it."""
        self._members = list(members)
        config = self._members[0].config
        self._member_size = config.member_size
        self._limit = config.max_history
        self._items = len(items)
        self._threads = ThreadPoolExecutor(len(self._members))
        with paddle.no_grad():
            self._tables = [
                member.table(paddle.to_tensor(np.ascontiguousarray(part)))
                for member, part in zip(
                    self._members, np.split(items, len(self._members), axis=1), strict=True
                )
            ]
            self._weights = [
                [block.mix.toeplitz(self._limit + 1) for block in list(member.user.blocks)[:-1]]
                for member in self._members
            ]

    def __call__(
        self, histories: Sequence[NDArray[np.int32]], arrays: Mapping[str, NDArray[Any]]
    ) -> Vectors:
        """``(B, size)`` float32.

        Args:
            histories: item rows, oldest first; of a long one the latest are read.
            arrays: the records' features, B rows each.
        """
        vectors = np.empty((len(histories), self._member_size * len(self._members)), np.float32)
        chunks = list(self._chunks([len(history) for history in histories]))
        jobs = [(member, chunk) for chunk in chunks for member in range(len(self._members))]

        def compute(job: tuple[int, list[int]]) -> None:
            member, chunk = job
            begin = member * self._member_size
            vectors[chunk, begin : begin + self._member_size] = self._forward(
                member, [histories[i] for i in chunk], {n: a[chunk] for n, a in arrays.items()}
            )

        # One chunk is done before another thread has begun.
        for _ in map(compute, jobs) if len(chunks) < 2 else self._threads.map(compute, jobs):
            pass
        return vectors

    def _chunks(self, lengths: list[int]) -> Iterator[list[int]]:
        """Which users to compute together: those of like length, a bounded number of positions."""
        chunk: list[int] = []
        for i in sorted(range(len(lengths)), key=lengths.__getitem__):
            padded = min(lengths[i] + 1, self._limit)
            if chunk and (len(chunk) + 1) * padded > POSITIONS_AT_ONCE:
                yield chunk
                chunk = []
            chunk.append(i)
        if chunk:
            yield chunk

    def _forward(
        self,
        member: int,
        histories: Sequence[NDArray[np.int32]],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Vectors:
        codes, lengths = pad_histories(histories, self._items, self._limit)
        length = codes.shape[1]
        with paddle.no_grad():  # holds for a thread
            weights = [whole[:, :length, :length] for whole in self._weights[member]]
            history = functional.embedding(paddle.to_tensor(codes), self._tables[member])
            vectors: Vectors = (
                self._members[member]
                .user(history, arrays, last=lengths.astype(np.int64) - 1, weights=[*weights, None])
                .numpy()
            )
        return vectors
