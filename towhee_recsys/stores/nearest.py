"""Many users' searches, each with its own length, filter and exclusions, become few calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from towhee_recsys.errors import RequestError
from towhee_recsys.stores.filters import both, none_of
from towhee_recsys.types import Hit, Id

MAX_LIMIT = 16_384
"""Hits that Milvus gives for one vector."""

FEW = 11
"""Excluded items, beside `top_k`, that a first search makes room for."""

Call: TypeAlias = Callable[[list[int], str, int], Sequence[Sequence[tuple[Id, float]]]]
"""Positions of vectors, one expression, one limit → for each the best (id, score), best first."""


@dataclass(frozen=True)
class Wanted:
    """What is searched for the vector at `position`."""

    position: int
    top_k: int
    expression: str
    excluded: frozenset[Id]


def nearest(wanted: Sequence[Wanted], call: Call, overfetch: int) -> list[list[Hit]]:
    """The `top_k` best of each, in the order of `wanted`; equal scores by id.

    What is excluded is fetched along and left out here, so that a call serves all users of one
    filter whose limits come to the same power of two. A search is repeated with a higher limit
    while too few are left, or items that score as the last one does may be missing; where that
    makes more than `overfetch` hits, exclusions travel in the expression, which takes a call of
    the user's own. Beyond `MAX_LIMIT` such ties stay as Milvus gave them.

    Raises:
        RequestError: a `top_k` is more than Milvus gives, and more items are there.
    """
    found: dict[int, list[Hit]] = {one.position: [] for one in wanted}
    queue: dict[tuple[str, int], list[Wanted]] = defaultdict(list)

    def put(one: Wanted, least: int = 1) -> None:
        # One more than is asked for tells whether scores tie. Few of the best are excluded as a
        # rule, however many are in all, and every hit costs: so the first search is a short one.
        limit = max(least, one.top_k + min(len(one.excluded), one.top_k + FEW) + 1)
        if one.excluded and limit > overfetch:
            expression = both(one.expression, none_of(sorted(one.excluded)))
            one = replace(one, expression=expression, excluded=frozenset())
            limit = one.top_k + 1
        if one.excluded:
            limit = 1 << (limit - 1).bit_length()
        queue[one.expression, min(limit, MAX_LIMIT)].append(one)

    for one in wanted:
        if one.top_k > 0:
            put(one)
    while queue:
        (expression, limit), group = queue.popitem()
        answers = call([one.position for one in group], expression, limit)
        for one, hits in zip(group, answers, strict=True):
            kept = [hit for hit in hits if hit[0] not in one.excluded]
            all_seen = len(hits) < limit
            if not all_seen and len(kept) < one.top_k and limit == MAX_LIMIT and not one.excluded:
                raise RequestError(f"top_k is {one.top_k}, but Milvus gives {MAX_LIMIT} at most")
            ties_seen = len(kept) > one.top_k and kept[one.top_k - 1][1] > kept[-1][1]
            if all_seen or ties_seen or (limit == MAX_LIMIT and len(kept) >= one.top_k):
                kept.sort(key=lambda hit: (-hit[1], hit[0]))
                found[one.position] = [
                    Hit(item_id=item, score=score) for item, score in kept[: one.top_k]
                ]
            else:
                put(one, 4 * limit)
    return [found[one.position] for one in wanted]
