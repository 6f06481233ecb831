"""Say what of a user is forgotten, by hashes from which no id can be read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from towhee_recsys.types import Id


@dataclass(frozen=True)
class Forgotten:
    """The entry of one user in a store's list. ``item_id in entry`` says whether it covers that
    user's interaction with the item."""

    user_id: Id
    user: bool
    """Whether the user is forgotten, with the record and all interactions; else single items."""
    items: frozenset[str]
    """The hashes of the single items."""
    salt: str

    def __contains__(self, item_id: object) -> bool:
        return self.user or hashed(self.salt, self.user_id, item_id) in self.items


def hashed(salt: str, *ids: object) -> str:
    """The keyed hash of a user, or of a user and an item: 32 hexadecimal digits.

    Without the salt nobody can tell whether an id is on a list, or whether two lists share one.
    Whoever has the store has the salt, and can try ids one by one, as `ingest` does.
    """
    text = "\0".join(map(str, ids))
    return hashlib.blake2b(text.encode(), key=bytes.fromhex(salt), digest_size=16).hexdigest()
