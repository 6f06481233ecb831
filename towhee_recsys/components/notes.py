"""Say in words what of a request is not known: the user, items of the history, labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from towhee_recsys.components.hits import Hits
from towhee_recsys.components.resources import Resources
from towhee_recsys.errors import StoreUnavailable
from towhee_recsys.features.columns import LabelFeature, LabelsFeature, TableFeatures
from towhee_recsys.features.vocabulary import FIRST
from towhee_recsys.stores.filters.attributes import filterable
from towhee_recsys.stores.filters.expressions import as_values, combines
from towhee_recsys.text import as_text, label, listed, near, shown
from towhee_recsys.types import (
    DEGRADED,
    POPULAR_AMONG,
    ROUTE,
    USER_ID,
    VECTOR_SIZE,
    Filter,
    Id,
    Role,
)

POPULAR = "showing what is popular"

_NAMED = 5
"""Unknown items that a note names, at most."""


class Notes:
    """Explains the answers of a deployment."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def on_recommended(self, request: Mapping[str, Any], answer: Hits) -> list[str]:
        """What somebody who reads the answer to a `Request` should know, a sentence each. Empty for
        a known user's personal answer.

        Args:
            request: as a pipeline takes it, and not a bare id.
            answer: what the pipeline answered.
        """
        return [
            *self._on_user(request, answer),
            *self._on_history(request.get("history") or ()),
            *self._on_record(request.get("user") or {}),
            *_on_degraded(answer),
            *self._on_filter(request.get("filter"), answer),
        ]

    def on_similar(self, request: Mapping[str, Any], answer: Hits) -> list[str]:
        """The same for a `SimilarRequest`."""
        return [*_on_degraded(answer), *self._on_filter(request.get("filter"), answer)]

    def _on_user(self, request: Mapping[str, Any], answer: Hits) -> Iterator[str]:
        user_id, route = request.get(USER_ID), answer[0].get(ROUTE) if answer else None
        described = bool(request.get("user") or request.get("history"))
        degraded = {part for one in answer for part in one.get(DEGRADED, ())}
        if degraded & {"users", "index"}:
            return  # the answer says nothing about the user
        if user_id is None:
            if route == "popular":
                yield (
                    f"Nothing in the description is known: {POPULAR}."
                    if described
                    else f"No user is given: {POPULAR}."
                )
        elif not self._is_known(user_id):
            then = "using the description alone" if described else POPULAR
            yield f"User {user_id} is not known: {then}."
        elif route == "features":
            yield f"User {user_id} has no history: recommending by the record alone."
        elif route == "popular":
            yield f"Nothing that the model uses is known about user {user_id}: {POPULAR}."

    def _is_known(self, user_id: Id) -> bool:
        try:
            store = self._resources.store
            return bool(store.get_users([user_id])[0] or store.get_histories([user_id])[0])
        except StoreUnavailable:
            return True  # nothing says that the user is unknown

    def _on_history(self, history: Sequence[Id]) -> Iterator[str]:
        codes = self._resources.bundle.item_ids.codes(history)
        unknown = [str(one) for one, code in zip(history, codes, strict=True) if code < FIRST]
        if unknown:
            more = len(unknown) - _NAMED
            names = listed([*unknown[:_NAMED], *([f"{more:,} more"] if more > 0 else [])])
            one = len(unknown) == 1
            yield (
                f"{'Item' if one else 'Items'} {names} {'is' if one else 'are'} not known to the "
                "model: left out of the history."
            )

    def _on_record(self, record: Mapping[str, Any]) -> Iterator[str]:
        features = self._resources.bundle.user_features
        for name, value in record.items():
            for text, known in _unknown_labels(features, name, [value]):
                yield f"No user in training has {name} {shown(text)}. {near(text, known)}"

    def _on_filter(self, filter: Filter | None, answer: Hits) -> Iterator[str]:
        if not filter:
            if not answer:
                yield "All items were seen or excluded."
            return
        roles = filterable(self._resources.bundle.schema.items)
        unknown = []
        for name, wanted in _conditions(filter, roles):
            labels = as_values(wanted.get("all", ()) if isinstance(wanted, Mapping) else wanted)
            for text, known in _unknown_labels(self._resources.bundle.item_features, name, labels):
                if not self._passes({name: text}):  # an item may be newer than the model
                    unknown.append(f"No item has {name} {shown(text)}. {near(text, known)}")
        yield from dict.fromkeys(unknown)
        if not answer and not unknown:
            yield self._why_nothing(filter, roles)

    def _why_nothing(self, filter: Filter, roles: Mapping[str, Role]) -> str:
        parts = list(_conjuncts(filter, roles))
        for part in parts:
            if not self._passes(part):
                return f"No item passes the filter {_shown_filter(part)}."
        if len(parts) > 1 and not self._passes(filter):
            return "No item passes all conditions of the filter."
        return "All items that pass the filter were seen or excluded."

    def _passes(self, filter: Filter) -> bool:
        """Whether any item passes."""
        anywhere = np.zeros((1, VECTOR_SIZE), np.float32)
        resources = self._resources
        return bool(resources.index.search(anywhere, [1], resources.fingerprint, [filter])[0])


def _shown_filter(filter: Filter) -> str:
    return json.dumps(filter, ensure_ascii=False, default=as_text)


def _on_degraded(answer: Hits) -> Iterator[str]:
    degraded = {part for one in answer for part in one.get(DEGRADED, ())}
    if "users" in degraded:
        yield "The store does not answer: the user's record and history are not known."
    if "index" in degraded:
        among = answer[0].get(POPULAR_AMONG) or {}
        names = listed([f"{name} {as_text(one)}" for name, one in among.items()])
        whom = f" among users with {names}" if names else ""
        yield f"The index does not answer: {POPULAR}{whom}."
    if "items" in degraded:
        without = sum("items" in one.get(DEGRADED, ()) for one in answer)
        yield f"The store gives no record of {without:,} of {len(answer):,} items."


def _unknown_labels(
    features: TableFeatures, name: str, values: Iterable[Any]
) -> Iterator[tuple[str, Sequence[Any]]]:
    """The labels among `values` that a column's vocabulary lacks, each with the known ones."""
    feature = features.features.get(name)
    if isinstance(feature, LabelsFeature):
        texts = [text for value in values for text in feature.split(value)]
    elif isinstance(feature, LabelFeature):
        texts = [text for text in map(label, values) if text is not None]
    else:
        return
    known = feature.vocabulary.values
    for text in texts:
        if text not in known:
            yield text, known


def _conditions(filter: Filter, roles: Mapping[str, Role]) -> Iterator[tuple[str, Any]]:
    """The conditions on columns at any depth."""
    for name, wanted in filter.items():
        if combines(name, wanted, roles):
            for one in [wanted] if name == "not" else wanted:
                yield from _conditions(one, roles)
        else:
            yield name, wanted


def _conjuncts(filter: Filter, roles: Mapping[str, Role]) -> Iterator[Filter]:
    """The parts of a filter that must all hold."""
    for name, wanted in filter.items():
        if name == "and" and combines(name, wanted, roles):
            for one in wanted:
                yield from _conjuncts(one, roles)
        else:
            yield {name: wanted}
