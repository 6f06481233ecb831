"""Cut many values into batches, each of which is a round trip to a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

BATCH = 1_000
"""Documents written or read in one round trip."""

T = TypeVar("T")


def batches(values: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Lists of at most `size` of the values, in their order."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
