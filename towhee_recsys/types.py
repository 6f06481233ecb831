"""Names of columns, limits, and the types of records, requests and answers."""

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
"""Numbers in the vector of a user or an item."""

MAX_ID_LENGTH = 255
"""Characters in a text id at most. Every store can hold a key of this length."""

MAX_TOP_K = 10_000
"""Items in one answer at most."""

MAX_BATCH = 10_000
"""Requests in one call at most."""

MAX_HISTORY = 100_000
"""Items in a user's history at most. A store keeps the latest; a longer history in a request is
refused."""

MAX_REASONS = 10
"""Reasons for one item at most."""

TOP_K = 10
"""Items in an answer by default."""

MAX_CANDIDATES = 1_000
"""Candidates from which a diverse answer is chosen, at most. Comparing so many with each other
takes half a second."""

RESERVED_COLUMNS = frozenset(
    {SCORE, RANK, ROUTE, DEGRADED, BECAUSE, CONTRIBUTION, POPULAR_AMONG, PROBABILITY}
)
"""Names of an answer's own fields. No column of a schema may have one of them."""

Id: TypeAlias = "int | str"
"""int if every id of the table is a canonical integer, else str."""

User: TypeAlias = dict[str, Any]
"""A user's record: ``user_id`` and the columns of the schema."""

Item: TypeAlias = dict[str, Any]
"""An item's record: ``item_id`` and the columns of the schema."""

Filter: TypeAlias = dict[str, Any]
"""Conditions on item columns, as plain data; `towhee_recsys.stores.filters.expressions` has the
grammar."""

Role: TypeAlias = Literal["categorical", "multi_categorical", "number", "text", "display"]
"""How a column is used: as one label, a list of labels, a quantity or words, or for display
only."""

Route: TypeAlias = Literal["personal", "features", "popular", "similar"]
"""How an answer was found: ``personal`` by the user's history, ``features`` by the user's record
alone, ``popular`` by popularity, ``similar`` by an item's vector."""


class Interaction(TypedDict, total=False):
    """An interaction of a user with an item. ``timestamp`` and ``rating`` are optional."""

    user_id: Id
    item_id: Id
    timestamp: float | None
    """Seconds since 1970. None means later than all stored interactions of this user."""
    rating: float | None


TopK: TypeAlias = Annotated[int, Ge(1), Le(MAX_TOP_K)]
"""Items in an answer."""

Seen: TypeAlias = Literal["exclude", "include", "demote"]
"""What happens to items that the user has seen: they are left out (``exclude``, the default), stay
in (``include``), or come after all others (``demote``)."""

MinScore: TypeAlias = Annotated[float, Ge(-1e9), Le(1e9)]
"""Items with a lower score are left out. Popular items stay, because their score is a share."""

Diversity: TypeAlias = Annotated[float, Ge(0), Le(1)]
"""How much the items of an answer should differ: 0 ignores it, 1 looks at nothing else."""

ReasonCount: TypeAlias = Annotated[int, Ge(0), Le(MAX_REASONS)]
"""How many seen items are named as reasons for each recommended item."""


class Request(TypedDict, total=False):
    """A request for recommendations. Every key is optional."""

    user_id: Id
    user: User | None
    """Replaces the stored record."""
    history: list[Id] | None
    """Item ids, oldest first. Replaces the stored history and the set of seen items."""
    top_k: TopK
    filter: Filter | None
    seen: Seen
    exclude: list[Id]
    """Further items to leave out."""
    min_score: MinScore
    diversity: Diversity
    explain: ReasonCount
    calibrate: bool
    """Whether to give the probability that each item is the user's next one."""


class Query(TypedDict):
    """A `Request` with every default filled in, as the steps of a pipeline pass it on."""

    user_id: Id | None
    user: User | None
    """None until the user is looked up, then the record, which is empty for an unknown user."""
    history: list[Id] | None
    """None until the user is looked up."""
    top_k: int
    candidates: int
    """How many items to search for: ``top_k``, or more if a later step chooses among them."""
    filter: Filter | None
    seen: Seen
    exclude: list[Id]
    min_score: float | None
    diversity: float
    explain: int
    calibrate: bool
    degraded: list[str]
    """The parts of the deployment that have not answered."""


class SimilarRequest(TypedDict, total=False):
    """A request for items similar to an item: to ``item_id``, or to the record ``item`` of an item
    that is not in the index. The other keys are as in `Request`."""

    item_id: Id
    item: Item | None
    top_k: TopK
    filter: Filter | None
    exclude: list[Id]


class Rule(TypedDict, total=False):
    """A restriction: users whose record passes ``when`` get only items that pass ``filter``.
    Without ``when`` it applies to all users."""

    filter: Required[Filter]
    when: Filter
    """Conditions on user columns, in the grammar of `Filter`."""


class Hit(TypedDict):
    """An item and its score, the inner product with the query vector."""

    item_id: Id
    score: float


Recommendation: TypeAlias = dict[str, Any]
"""One recommended item as a flat dict: ``item_id``, ``score``, ``rank`` (from 1), ``route``, and
the fields of the item's record. Some recommendations have further fields:

- ``degraded``: the parts of the deployment that did not answer
- ``because``, if requested: the seen items that contribute most to the score, each with its
  ``contribution``
- ``probability``, if requested: how often such an item was the user's next one; see
  `recsys/calibrate`
- ``popular_among``, for some items of the route ``popular``: the labels of the users among whom the
  item is popular, as in ``{'gender': 'F'}``, with a list for a column of several labels
"""
