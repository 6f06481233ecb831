"""What the pipelines ask of their stores: vectors to search, records and histories to look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.types import Filter, Hit, Id, Interaction, Item, User

AttributeType: TypeAlias = Literal["label", "labels", "number"]
"""What an item column is to a filter: one text, a list of texts, or a float."""


class VectorStore(Protocol):
    """Item vectors in collections, one of which is live: the one that searches see.

    A collection is named after the fingerprint of the model that made its vectors.
    """

    def collection(self, fingerprint: str) -> str:
        """The name of the collection for the vectors of that model, there or not."""

    def create(
        self,
        fingerprint: str,
        id_type: type[int] | type[str],
        attributes: Mapping[str, AttributeType],
    ) -> str:
        """Make the collection of `fingerprint` unless it is there already; return its name."""

    def write(self, collection: str, items: Sequence[Item], vectors: NDArray[np.float32]) -> None:
        """Insert or replace items by id. `vectors` is ``(len(items), 256)`` float32; of an item's
        record, the columns that were declared as attributes are kept for filters."""

    def finish(self, collection: str, keep: Iterable[Id]) -> int:
        """Remove items not in `keep`, flush, load; return how many items the collection holds."""

    def publish(self, collection: str) -> None:
        """Make `collection` the live one, at once for every later search."""

    def live(self) -> str | None:
        """The fingerprint of the live collection; None where there is none."""

    def count(self) -> int:
        """How many items the live collection holds; 0 where there is none."""

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: Sequence[int],
        fingerprint: str,
        filters: Sequence[Filter | None] | None = None,
        exclude: Sequence[Sequence[Id]] | None = None,
    ) -> list[list[Hit]]:
        """For each of the ``(B, 256)`` `vectors`, its `top_k` best items, best first, equal scores
        by id; those in `exclude` left out, and only those that `filters` lets through.

        Raises:
            IndexMismatch: the live vectors are not those of the model `fingerprint`.
            RequestError: a filter names an unknown field or has a wrong type.
        """

    def get(self, item_ids: Sequence[Id], fingerprint: str) -> list[NDArray[np.float32] | None]:
        """Each item's stored vector, None where the item is not there."""

    def matching(
        self, item_ids: Sequence[Id], fingerprint: str, filter: Filter | None = None
    ) -> set[Id]:
        """Those of `item_ids` that are in the live collection and pass the filter."""

    def close(self) -> None:
        """Let go of the connection."""


class RecordStore(Protocol):
    """Item and user records, and each user's history of items.

    Every write replaces what it names and may be repeated without a further effect. Ids keep
    their type. A record is any dict that JSON can hold.
    """

    def put_items(self, items: Iterable[Item]) -> None: ...

    def get_items(self, item_ids: Sequence[Id]) -> list[Item | None]:
        """In the order asked for; None where there is no record."""

    def put_users(self, users: Iterable[User]) -> None: ...

    def get_users(self, user_ids: Sequence[Id]) -> list[User | None]:
        """In the order asked for; None where there is no record."""

    def add_interactions(self, interactions: Iterable[Interaction]) -> int:
        """Add to the users' histories, ordered by timestamp and, at equal timestamps, in the order
        given. A (user, item) pair that is there already stays as it was. A timestamp of None
        means now, or just after the user's last interaction where that lies in the future. Of a
        user's interactions the latest `MAX_HISTORY` are kept. Returns how many of these were
        new."""

    def add_histories(
        self,
        user_ids: Sequence[Id],
        item_ids: Sequence[Sequence[Id]],
        timestamps: Sequence[Sequence[float | None]] | None = None,
    ) -> int:
        """Do what `add_interactions` does, for B users at once: each user's items, with a
        timestamp each, or None for all. Much faster than single interactions. The lists are in
        memory, so pass many users in batches."""

    def get_histories(self, user_ids: Sequence[Id]) -> list[list[Id]]:
        """Each user's whole history as item ids, oldest first; empty where nothing is known."""

    def remove_interactions(self, user_id: Id, item_ids: Iterable[Id]) -> int:
        """Take items out of a user's history, as if the user had never met them. Returns how many
        were in it."""

    def forget_users(self, user_ids: Iterable[Id]) -> int:
        """Remove users' records and histories. Returns of how many users there was either."""

    def counts(self) -> dict[str, int]:
        """How many ``items``, ``users`` and ``histories`` (users with one) the store holds."""

    def ping(self) -> None:
        """Raise StoreUnavailable, saying where and why, if the store does not answer."""

    def close(self) -> None:
        """Let go of the connections."""
