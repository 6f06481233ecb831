"""Combine the searches of many users, each with its own length and filter, into few calls."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from towhee_recsys.errors import RequestError
from towhee_recsys.types import Hit, Id

MAX_LIMIT = 16_384
"""Most hits that Milvus gives for one vector."""

MAX_VECTORS = 16_384
"""Most vectors that Milvus takes in one call."""

HITS_AT_ONCE = 100_000
"""Most hits in one call: a few seconds' work, within the limits of time and of an answer's size."""

FEW = 11
"""Excluded items, beside `top_k`, that a first search makes room for."""

Call: TypeAlias = Callable[[list[int], str, int], Sequence[Sequence[tuple[Id, float]]]]
"""A function of the positions of vectors, one expression and one limit. It returns the best
(id, score) of each vector, best first."""

Without: TypeAlias = Callable[[str, frozenset[Id]], str]
"""A function of an expression and ids. It returns the expression that excludes the ids as well."""


@dataclass(frozen=True)
class Costs:
    """What a search costs, in units of the time that one more hit takes."""

    call: int
    """A call without hits."""
    excluded: float
    """An item that the expression excludes."""


@dataclass(frozen=True)
class Wanted:
    """The search for the vector at `position`."""

    position: int
    top_k: int
    expression: str
    excluded: frozenset[Id]


def nearest(
    wanted: Sequence[Wanted], call: Call, without: Without, costs: Costs
) -> list[list[Hit]]:
    """Find the `top_k` best items of each search, in the order of `wanted`, equal scores by id.

    Excluded items are fetched as well, and dropped here. So one call serves all users with the
    same filter whose limits come to the same power of two. A search is repeated with twice the
    limit if too few items are left, or if items with the same score as the last one may be
    missing. Once it costs less, a user gets a call of his own whose expression excludes the items.
    Beyond `MAX_LIMIT` ties stay as Milvus gave them.

    Raises:
        RequestError: a `top_k` is more than Milvus gives, and more items are there.
    """
    found: dict[int, list[Hit]] = {one.position: [] for one in wanted}
    queue: dict[tuple[str, int], list[Wanted]] = defaultdict(list)
    alone = len(wanted) == 1

    def put(one: Wanted, limit: int) -> None:
        least = one.top_k + 1
        in_expression = least + costs.excluded * len(one.excluded) + costs.call
        if one.excluded and limit > min(in_expression, MAX_LIMIT):
            expression = without(one.expression, one.excluded)
            one, limit = replace(one, expression=expression, excluded=frozenset()), least
        elif not alone and one.excluded:
            limit = 1 << (limit - 1).bit_length()
        queue[one.expression, min(limit, MAX_LIMIT)].append(one)

    for one in wanted:
        if one.top_k > 0:
            put(one, _first_limit(one, alone))
    while queue:
        (expression, limit), group = queue.popitem()
        together = min(MAX_VECTORS, max(1, HITS_AT_ONCE // limit))
        for begin in range(0, len(group), together):
            part = group[begin : begin + together]
            answers = call([one.position for one in part], expression, limit)
            for one, hits in zip(part, answers, strict=True):
                best = _best(one, hits, limit)
                if best is None:
                    put(one, 2 * limit)
                else:
                    found[one.position] = best
    return [found[one.position] for one in wanted]


def _first_limit(one: Wanted, alone: bool) -> int:
    """One more than is asked for, which tells whether scores tie, and some for what is excluded.

    Among many, the few users of whose best more are excluded share a second call. To one alone it
    would double the time: so there it is what was enough for nine in ten users of MovieLens 1M,
    about 2 √(how many are excluded) with a `top_k` of 10, 4.5 with 50, 6.3 with 100.
    """
    spare = one.top_k + FEW
    if alone:
        spare = max(spare, math.isqrt(4 * one.top_k * len(one.excluded) // 10))
    return one.top_k + min(len(one.excluded), spare) + 1


def _best(one: Wanted, hits: Sequence[tuple[Id, float]], limit: int) -> list[Hit] | None:
    """The best of these hits; None where a search with a higher limit must tell."""
    kept = [hit for hit in hits if hit[0] not in one.excluded]
    if len(hits) == limit:
        enough = len(kept) >= one.top_k
        if limit == MAX_LIMIT and not enough and not one.excluded:
            raise RequestError(f"top_k is {one.top_k}, but Milvus gives {MAX_LIMIT} at most")
        ties_seen = len(kept) > one.top_k and kept[one.top_k - 1][1] > kept[-1][1]
        if not ties_seen and not (limit == MAX_LIMIT and enough):
            return None
    kept.sort(key=lambda hit: (-hit[1], hit[0]))
    return [Hit(item_id=item, score=score) for item, score in kept[: one.top_k]]
