"""The protocols of the stores: vectors to search, records and histories to look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from towhee_recsys.stores.forgotten import Forgotten
from towhee_recsys.types import Filter, Hit, Id, Interaction, Item, Role, User

CONNECTIONS = 16
"""Connections to a record store at most, unless another number is given."""


class _Closes(Protocol):
    """Something that is closed, by hand or at the end of a ``with`` block."""

    def close(self) -> None:
        """Let go of everything that was opened. A second call does nothing; other calls after it
        raise StoreError."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class VectorStore(_Closes, Protocol):
    """Item vectors in collections. One collection is live: searches see it and no other.

    A collection is named after the fingerprint of the model that made its vectors.
    """

    def collection(self, fingerprint: str) -> str:
        """The name of the collection for the vectors of that model, whether it exists or not."""

    def create(
        self,
        fingerprint: str,
        id_type: type[int] | type[str],
        attributes: Mapping[str, Role],
    ) -> str:
        """Make the collection of `fingerprint` unless it exists, and return its name. `attributes`
        gives the columns that filters can use, each with its role: ``categorical``,
        ``multi_categorical`` or ``number``."""

    def write(self, collection: str, items: Sequence[Item], vectors: NDArray[np.float32]) -> None:
        """Insert or replace items by id. `vectors` is ``(len(items), 256)`` float32. The columns
        that were declared as attributes are kept for filters, other columns are not."""

    def finish(self, collection: str, keep: Iterable[Id]) -> int:
        """Remove items not in `keep`, flush, load; return how many items the collection holds."""

    def publish(self, collection: str) -> None:
        """Make `collection` the live one. Every later search sees it."""

    def live(self) -> str | None:
        """The fingerprint of the live collection; None if there is none."""

    def count(self) -> int:
        """How many items the live collection holds; 0 if there is none."""

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: Sequence[int],
        fingerprint: str,
        filters: Sequence[Filter | None] | None = None,
        exclude: Sequence[Sequence[Id]] | None = None,
    ) -> list[list[Hit]]:
        """Find the `top_k` best items for each of the ``(B, 256)`` `vectors`, best first, equal
        scores by id. An item in `exclude`, or one that does not pass its filter, is left out.

        Raises:
            IndexMismatch: the live vectors are not those of the model `fingerprint`.
            RequestError: a filter names an unknown field or has a wrong type.
        """

    def get(self, item_ids: Sequence[Id], fingerprint: str) -> list[NDArray[np.float32] | None]:
        """Each item's stored vector, None for an item that the collection does not hold."""

    def matching(
        self, item_ids: Sequence[Id], fingerprint: str, filter: Filter | None = None
    ) -> set[Id]:
        """Those of `item_ids` that are in the live collection and pass the filter."""


class RecordStore(_Closes, Protocol):
    """Item and user records, and each user's history of items.

    A write replaces what it names. Repeating it has no further effect. Ids keep their type.
    A record is any dict that JSON can hold.
    """

    def put_items(self, items: Iterable[Item]) -> None: ...

    def get_items(self, item_ids: Sequence[Id]) -> list[Item | None]:
        """The records in the order of the ids, None for an id without one."""

    def put_users(self, users: Iterable[User]) -> None: ...

    def get_users(self, user_ids: Sequence[Id]) -> list[User | None]:
        """The records in the order of the ids, None for an id without one."""

    def add_interactions(self, interactions: Iterable[Interaction]) -> int:
        """Add to the users' histories. A history is ordered by timestamp; equal timestamps keep the
        order in which they were given. A (user, item) pair that is there already stays as it was.
        A timestamp of None means now, or just after the user's last interaction if that lies in
        the future. The latest `MAX_HISTORY` interactions of a user are kept. Returns how many
        interactions were new."""

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
        """Each user's whole history as item ids, oldest first; empty for an unknown user."""

    def get_interactions(self, user_ids: Sequence[Id]) -> list[list[Interaction]]:
        """Each user's whole history with its timestamps, oldest first; empty for an unknown user.
        `add_interactions` takes it as it is."""

    def remove_interactions(self, user_id: Id, item_ids: Iterable[Id]) -> int:
        """Remove items from a user's history, as if the user had never interacted with them, and
        put the pairs on the list of what is forgotten. Returns how many were in the history."""

    def forget_users(self, user_ids: Iterable[Id]) -> int:
        """Remove users' records and histories, and put the users on the list of what is forgotten,
        also those of whom the store knows nothing. Returns how many of the users had either.

        The list keeps `ingest` from bringing them back. The store's own methods do not look at it:
        what is written after that is a new act, which counts. `erase` then sees to the disk."""

    def take_back(self, users: Iterable[User], interactions: Iterable[Interaction]) -> int:
        """Remove the records that equal those of `users`, and the interactions that equal these in
        user, item and timestamp: what a write of them has left. Others stay, and nothing is put on
        the list of what is forgotten. Returns how many records and interactions were removed."""

    def erase(self) -> str | None:
        """Make the database drop from its files what was removed before, and wait for it. Returns
        None if nothing is left there, else what may be and why, as sentences for people."""

    def forgotten(self, user_ids: Sequence[Id]) -> dict[Id, Forgotten]:
        """The entries of those of the users who are on the list, whole or with single items. If
        the list is empty this takes one read, however many users there are."""

    def restore_forgotten(self, user_ids: Iterable[Id]) -> int:
        """Take the users and their items off the list. What was removed does not come back by
        itself. Returns how many of the users were on it."""

    def counts(self) -> dict[str, int]:
        """How many ``items``, ``users`` and ``histories`` (users with one) the store holds."""

    def ping(self) -> None:
        """Raise StoreUnavailable, saying where and why, if the store does not answer."""
