"""Keep the list of forgotten users and interactions in a record store, as hashes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from towhee_recsys.errors import StoreError
from towhee_recsys.stores.forgotten import Forgotten, hashed
from towhee_recsys.stores.records.batches import batches
from towhee_recsys.types import Id

SALT = "salt"
"""The key of the salt. Every other key is the hash of a user."""

_Change: TypeAlias = Callable[[str, "str | None"], "str | None"]


@dataclass(frozen=True)
class ForgottenList:
    """A document for each user, under the hash of the id: ``{"user": true, "items": [hashes]}``.

    The salt is made with the first entry. So one read says that a list is empty.
    """

    read: Callable[[Sequence[str]], list[str | None]]
    """Gives the texts of keys in their order."""
    update: Callable[[Sequence[str], _Change], None]
    """Replaces each key's text by what a function makes of key and text, unless that is None."""
    delete: Callable[[Sequence[str]], None]
    """Removes the documents of keys."""

    def add(self, forgotten: Mapping[Id, set[Id] | None]) -> None:
        """Put users on the list: some of their items, or None for the whole user."""
        self.update([SALT], lambda _, text: None if text else secrets.token_hex(16))
        salt = self.read([SALT])[0]
        if not salt:
            raise StoreError(
                "nothing is forgotten: the store lost the key of its list as soon as it was "
                "written; see that it does not drop documents, and forget again"
            )
        by_key = {hashed(salt, user_id): user_id for user_id in forgotten}

        def more(key: str, text: str | None) -> str | None:
            user_id = by_key[key]
            items = forgotten[user_id]
            before: dict[str, Any] = json.loads(text) if text else {"user": False, "items": []}
            hashes = {hashed(salt, user_id, item) for item in items or ()}
            after = {
                "user": before["user"] or items is None,
                "items": sorted(hashes.union(before["items"])),
            }
            return None if after == before else json.dumps(after, separators=(",", ":"))

        self.update(list(by_key), more)

    def entries(self, user_ids: Sequence[Id]) -> dict[Id, Forgotten]:
        """The entries of those of the users who are on the list."""
        salt = self.read([SALT])[0]
        found: dict[Id, Forgotten] = {}
        if salt is None:
            return found
        for ids in batches(user_ids):
            texts = self.read([hashed(salt, one) for one in ids])
            for user_id, text in zip(ids, texts, strict=True):
                if text is not None:
                    entry = json.loads(text)
                    items = frozenset(entry["items"])
                    found[user_id] = Forgotten(user_id, entry["user"], items, salt)
        return found

    def remove(self, user_ids: Sequence[Id]) -> int:
        """Take users off the list, with their items. Returns how many were on it."""
        found = self.entries(user_ids)
        for ids in batches(found):
            self.delete([hashed(found[one].salt, one) for one in ids])
        return len(found)
