"""The library's vocabulary: names of columns, and the shapes of what users pass and receive."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

USER_ID = "user_id"
ITEM_ID = "item_id"
RATING = "rating"
TIMESTAMP = "timestamp"
SCORE = "score"
RANK = "rank"
ROUTE = "route"
DEGRADED = "degraded"

VECTOR_SIZE = 256
"""Numbers in every user's and item's vector."""

MAX_ID_LENGTH = 255
"""Characters in a text id: what every store can hold as a key."""

RESERVED_COLUMNS = frozenset({SCORE, RANK, ROUTE, DEGRADED})
"""Names that an answer gives to its own fields, so no column of a schema may bear them."""

Id: TypeAlias = "int | str"
"""int where every id of its table is a canonical integer, else str."""

User: TypeAlias = dict[str, Any]
"""A user's record: ``user_id`` and the columns of the schema."""

Item: TypeAlias = dict[str, Any]
"""An item's record: ``item_id`` and the columns of the schema."""

Filter: TypeAlias = dict[str, Any]
"""Conditions on item columns, as plain data; `towhee_recsys.stores.filters` gives the grammar."""

Route: TypeAlias = Literal["personal", "features", "popular", "similar"]
"""How an answer was found: from the user's history, from the user's record alone, from what is
popular, or (for ``similar_items``) from an item's vector."""


class Interaction(TypedDict, total=False):
    """One user met one item: ``user_id`` and ``item_id``, the rest optional."""

    user_id: Id
    item_id: Id
    timestamp: float | None
    """Seconds since 1970; None means: later than all that is known of this user."""
    rating: float | None


class Request(TypedDict, total=False):
    """What a recommendation is asked with; every key may be absent."""

    user_id: Id
    user: User
    """A record that replaces the stored one."""
    history: list[Id]
    """Item ids, oldest first; replaces the stored history and the seen set."""
    top_k: int
    filter: Filter
    seen: Literal["exclude", "include"]
    exclude: list[Id]


class Hit(TypedDict):
    """One found item: its id and its score, the inner product with the query vector."""

    item_id: Id
    score: float


Recommendation: TypeAlias = dict[str, Any]
"""``item_id``, ``score``, ``rank`` (from 1), ``route`` and the item's record, flat in one dict;
``degraded`` names the parts that could not answer, where there are any."""
