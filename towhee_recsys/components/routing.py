"""Give each hit its route, and popular items to users without record and history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from towhee_recsys.bundle.popularity import Popular
from towhee_recsys.components.hits import one_for_each
from towhee_recsys.components.resources import Resources
from towhee_recsys.components.search import left_out
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.types import DEGRADED, ITEM_ID, POPULAR_AMONG, ROUTE, Filter, Hit, Id, Query

_STEP = 100
"""Popular items in the first look-up. Later look-ups are larger."""


class Router:
    """Gives each hit its route. There are three cases:

    - The user has a known history or record: the hits of the search are kept.
    - The user has neither: the user gets popular items of the index that pass the filter.
    - The index did not answer: the user gets popular items of the bundle, marked as degraded.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def route(
        self, queries: Sequence[Query], lists: Sequence[list[Hit] | None]
    ) -> list[list[dict[str, Any]]]:
        """Each query's hits with their ``route``.

        Args:
            queries: B queries, whose users have been looked up.
            lists: the hits of each query, or None if the index did not answer.

        Raises:
            RequestError: there are not as many queries as lists of hits.
            StoreUnavailable: the index does not answer, and a query has a filter.
        """
        one_for_each("users", queries, "lists of hits", lists)
        routes = self._resources.user_encoder.routes(queries)
        passing = _PassingItems(self._resources)
        answers = []
        for query, hits, route in zip(queries, lists, routes, strict=True):
            if hits is None:
                answers.append(self._without_index(query))
            elif route == "popular":
                answers.append(self._unknown_user(query, hits, passing))
            else:
                answers.append(_marked(hits, {ROUTE: route}, query["degraded"]))
        return answers

    @property
    def _popular(self) -> Popular:
        return self._resources.bundle.popular

    def _without_index(self, query: Query) -> list[dict[str, Any]]:
        """Popular items of the bundle. If the user's record has known labels, they are the items
        that are popular among users with these labels."""
        among = self._popular.among(query["user"] or {})
        marks: dict[str, Any] = {ROUTE: "popular"}
        if among:
            marks[POPULAR_AMONG] = among
        return _marked(
            _best(self._popular.hits(among), query), marks, [*query["degraded"], "index"]
        )

    def _unknown_user(
        self, query: Query, hits: Sequence[Hit], passing: _PassingItems
    ) -> list[dict[str, Any]]:
        """Popular items that are in the index and pass the filter."""
        # Items that the bundle does not know are found by the search only. They had no interactions
        # in training, so they come last.
        unknown = [Hit(item_id=hit[ITEM_ID], score=0.0) for hit in hits]
        try:
            best = _best(chain(passing.of(query["filter"]), unknown), query)
        except StoreUnavailable:
            if query["filter"]:
                raise
            passing.forget(query["filter"])  # the index may be back for the next query
            best, degraded = _best(self._popular.hits(), query), [*query["degraded"], "index"]
            return _marked(best, {ROUTE: "popular"}, degraded)
        return _marked(best, {ROUTE: "popular"}, query["degraded"])


class _PassingItems:
    """The popular items that are in the index and pass a filter. Queries with the same filter share
    the look-ups."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: dict[str, _Passing] = {}

    def of(self, filter: Filter | None) -> Iterable[Hit]:
        return self._known.setdefault(repr(filter), _Passing(self._resources, filter))

    def forget(self, filter: Filter | None) -> None:
        self._known.pop(repr(filter), None)


class _Passing:
    """The popular items that pass one filter. They are looked up in growing steps, as they are
    needed."""

    def __init__(self, resources: Resources, filter: Filter | None) -> None:
        self._resources, self._filter = resources, filter
        self._popular = resources.bundle.popular.hits()
        self._passing: list[Hit] = []
        self._looked_up = 0

    def __iter__(self) -> Iterator[Hit]:
        given = 0
        while True:
            yield from self._passing[given:]
            given = len(self._passing)
            part = list(islice(self._popular, self._looked_up + _STEP))
            if not part:
                return
            ids = [hit[ITEM_ID] for hit in part]
            resources = self._resources
            matching = resources.index.matching(ids, resources.fingerprint, self._filter)
            self._passing += [hit for hit in part if hit[ITEM_ID] in matching]
            self._looked_up += len(part)


def _marked(
    hits: Iterable[Hit], marks: dict[str, Any], degraded: list[str]
) -> list[dict[str, Any]]:
    if degraded:
        marks = {**marks, DEGRADED: degraded}
    return [{**hit, **marks} for hit in hits]


def _best(hits: Iterable[Hit], query: Query) -> list[Hit]:
    """The first ``candidates`` hits that the user may get, each item once, and demoted items
    last."""
    not_first, limit = set(left_out(query)), query["candidates"]
    never = set(query["exclude"]) if query["seen"] == "demote" else not_first
    best: dict[Id, Hit] = {}
    demoted: dict[Id, Hit] = {}
    for hit in hits:
        if hit[ITEM_ID] not in not_first:
            best.setdefault(hit[ITEM_ID], hit)
            if len(best) == limit:
                break
        elif hit[ITEM_ID] not in never:
            demoted.setdefault(hit[ITEM_ID], hit)
    return [*best.values(), *demoted.values()][:limit]
