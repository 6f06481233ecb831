"""Users and what the search found for them → how each was answered, with a better answer for those
of whom nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from towhee import register

from towhee_recsys.bundle.popularity import Popular
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.operators import shared
from towhee_recsys.operators.milvus_search import left_out, wanted
from towhee_recsys.stores.base import VectorStore
from towhee_recsys.types import DEGRADED, MAX_TOP_K, POPULAR_AMONG, ROUTE, Filter, Hit, Id

if TYPE_CHECKING:
    from towhee_recsys.encoders import UserEncoder


@register(name="recsys/route")
class Route(shared.SharedOperator):
    """``ops.recsys.route(bundle='bundle/', uri='./milvus.db', fingerprint='1a2b3c4d')``: a list of
    users and their lists of hits → the hits, each with its ``route``.

    The hits of a user without a known item or feature are replaced by what is most popular among
    the items that pass the filter; the score then is an item's share of all interactions. None in
    place of hits (an index that did not answer) is replaced likewise, from the bundle alone, and
    marked ``degraded: ['index']``. Of a user whose record is known, it is then what is popular
    among users with the same labels, which ``popular_among`` names; the score is that of
    `towhee_recsys.bundle.popularity.Popular.hits`.
    """

    def __init__(self, bundle: str, uri: str, fingerprint: str) -> None:
        super().__init__()
        self._bundle, self._uri, self._fingerprint = str(bundle), uri, fingerprint

    @cached_property
    def _encoder(self) -> UserEncoder:
        return shared.user_encoder(self._bundle, self._fingerprint)

    @cached_property
    def _store(self) -> VectorStore:
        return shared.vector_store(self._uri)

    @cached_property
    def _popular(self) -> Popular:
        return self._encoder.bundle.popular

    def __call__(
        self, users: Sequence[Mapping[str, Any]], found: Sequence[list[Hit] | None]
    ) -> list[list[dict[str, Any]]]:
        routes = self._encoder.routes(users)
        passing: dict[str, _Passing] = {}  # by filter: users share what has been looked up
        answers = []
        for user, hits, route in zip(users, found, routes, strict=True):
            marks: dict[str, Any] = {ROUTE: route}
            degraded = list(user.get(DEGRADED, ()))
            if hits is None:
                among = self._popular.among(user.get("user") or {})
                marks[ROUTE], degraded = "popular", [*degraded, "index"]
                if among:
                    marks[POPULAR_AMONG] = among
                hits = _best(self._popular.hits(among), user)
            elif route == "popular":  # the record says nothing, of a segment neither
                name = repr(user.get("filter"))
                if name not in passing:
                    lookup = self._lookup(user.get("filter"))
                    passing[name] = _Passing(self._popular.hits(), lookup)
                # The search also finds items that the bundle does not know: nobody met them.
                unmet = [Hit(item_id=hit["item_id"], score=0.0) for hit in hits]
                try:
                    hits = _best(chain(passing[name], unmet), user)
                except StoreUnavailable:
                    if user.get("filter"):
                        raise
                    del passing[name]  # the index may be back for the next user
                    degraded, hits = [*degraded, "index"], _best(self._popular.hits(), user)
            if degraded:
                marks[DEGRADED] = degraded
            answers.append([{**hit, **marks} for hit in hits])
        return answers

    def _lookup(self, condition: Filter | None) -> Callable[[Sequence[Id]], set[Id]]:
        return lambda ids: self._store.matching(ids, self._fingerprint, condition)


class _Passing:
    """Those of the popular items that are in the index and pass a filter, looked up only as far as
    they are asked for, in growing steps."""

    def __init__(self, popular: Iterator[Hit], lookup: Callable[[Sequence[Id]], set[Id]]) -> None:
        self._popular, self._lookup = popular, lookup
        self._passing: list[Hit] = []
        self._looked = 0

    def __iter__(self) -> Iterator[Hit]:
        given = 0
        while True:
            yield from self._passing[given:]
            given = len(self._passing)
            part = list(islice(self._popular, self._looked + 100))
            if not part:
                return
            there = self._lookup([hit["item_id"] for hit in part])
            self._passing += [hit for hit in part if hit["item_id"] in there]
            self._looked += len(part)


def _best(hits: Iterable[Hit], user: Mapping[str, Any]) -> list[Hit]:
    """The first of them that the user may get, each once; seen ones last, where demoted."""
    out, limit = set(left_out(user)), wanted(user, MAX_TOP_K)
    never = set(user.get("exclude") or ()) if user.get("seen") == "demote" else out
    best: dict[Id, Hit] = {}
    last: dict[Id, Hit] = {}
    for hit in hits:
        if hit["item_id"] not in out:
            best.setdefault(hit["item_id"], hit)
            if len(best) == limit:
                break
        elif hit["item_id"] not in never:
            last.setdefault(hit["item_id"], hit)
    return [*best.values(), *last.values()][:limit]
