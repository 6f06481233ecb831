"""The library's vocabulary: names of columns, and the shapes of what users pass and receive."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from annotated_types import Ge, Le
from typing_extensions import Required, TypedDict

USER_ID: Final = "user_id"
ITEM_ID: Final = "item_id"
RATING: Final = "rating"
TIMESTAMP: Final = "timestamp"
SCORE: Final = "score"
RANK: Final = "rank"
ROUTE: Final = "route"
DEGRADED: Final = "degraded"
BECAUSE: Final = "because"
CONTRIBUTION: Final = "contribution"
POPULAR_AMONG: Final = "popular_among"
PROBABILITY: Final = "probability"

VECTOR_SIZE = 256
"""Numbers in every user's and item's vector."""

MAX_ID_LENGTH = 255
"""Characters in a text id: what every store can hold as a key."""

MAX_TOP_K = 10_000
"""Items in one answer at most."""

MAX_BATCH = 10_000
"""Requests in one call at most."""

MAX_HISTORY = 100_000
"""Items in a user's history at most: a store keeps the latest, and a request may give no more."""

MAX_REASONS = 10
"""Reasons for one item at most."""

TOP_K = 10
"""Items in an answer, if nothing else is said."""

MAX_CANDIDATES = 1_000
"""Items among which a diverse answer is chosen. Each is compared with each: half a second's work.
"""

RESERVED_COLUMNS = frozenset(
    {SCORE, RANK, ROUTE, DEGRADED, BECAUSE, CONTRIBUTION, POPULAR_AMONG, PROBABILITY}
)
"""Names that an answer gives to its own fields, so no column of a schema may bear them."""

Id: TypeAlias = "int | str"
"""int where every id of its table is a canonical integer, else str."""

User: TypeAlias = dict[str, Any]
"""A user's record: ``user_id`` and the columns of the schema."""

Item: TypeAlias = dict[str, Any]
"""An item's record: ``item_id`` and the columns of the schema."""

Filter: TypeAlias = dict[str, Any]
"""Conditions on item columns, as plain data; `towhee_recsys.stores.filters.expressions` has the
grammar."""

Role: TypeAlias = Literal["categorical", "multi_categorical", "number", "text", "display"]
"""How a column is used: one label, a list of labels, a quantity, words, or only shown."""

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


TopK: TypeAlias = Annotated[int, Ge(1), Le(MAX_TOP_K)]
"""Items in an answer."""

Seen: TypeAlias = Literal["exclude", "include", "demote"]
"""What happens to items that the user has seen: they are left out (the default), stay in, or come
after all others."""

MinScore: TypeAlias = Annotated[float, Ge(-1e9), Le(1e9)]
"""Items below this score are left out. Popular items stay: their score is a share."""

Diversity: TypeAlias = Annotated[float, Ge(0), Le(1)]
"""How much the items of an answer should differ from one another."""

ReasonCount: TypeAlias = Annotated[int, Ge(0), Le(MAX_REASONS)]
"""How many seen items to name as reasons, for each item."""


class Request(TypedDict, total=False):
    """What a user of the library asks for; every key may be absent."""

    user_id: Id
    user: User | None
    """A record that replaces the stored one."""
    history: list[Id] | None
    """Item ids, oldest first; replaces the stored history and the seen set."""
    top_k: TopK
    filter: Filter | None
    seen: Seen
    exclude: list[Id]
    """Further items to leave out."""
    min_score: MinScore
    diversity: Diversity
    explain: ReasonCount
    calibrate: bool
    """Say how likely each item is to be the user's next one."""


class Query(TypedDict):
    """A `Request` with every default filled in: what the steps of a pipeline pass on."""

    user_id: Id | None
    user: User | None
    """None until the user is looked up, then a record, empty if there is none."""
    history: list[Id] | None
    """None until the user is looked up."""
    top_k: int
    candidates: int
    """How many items to search for: `top_k`, or more if a later step chooses among them."""
    filter: Filter | None
    seen: Seen
    exclude: list[Id]
    min_score: float | None
    diversity: float
    explain: int
    calibrate: bool
    degraded: list[str]
    """The parts that did not answer so far."""


class SimilarRequest(TypedDict, total=False):
    """Which item similar items are searched for: by its id, or by the record of an item that is not
    in the index. The rest is as in `Request`."""

    item_id: Id
    item: Item | None
    top_k: TopK
    filter: Filter | None
    exclude: list[Id]


class Rule(TypedDict, total=False):
    """What may be recommended at all: to users whose record passes ``when`` (to all, without it),
    items that pass ``filter`` and no others."""

    filter: Required[Filter]
    when: Filter
    """In the grammar of `Filter`, on the users' columns."""


class Hit(TypedDict):
    """One found item: its id and its score, the inner product with the query vector."""

    item_id: Id
    score: float


Recommendation: TypeAlias = dict[str, Any]
"""``item_id``, ``score``, ``rank`` (from 1), ``route`` and the item's record, flat in one dict;
``degraded`` names the parts that could not answer, where there are any; ``because``, where it was
asked for, holds the seen items that speak most for this one, each with its ``contribution``.
``popular_among`` says among which users it is popular, where the ``route`` is ``popular`` and not
among all: ``{'gender': 'F'}``, a list for a column of several labels. ``probability``, where it
was asked for, is how often such an item was the user's next one; see `recsys/calibrate`."""
