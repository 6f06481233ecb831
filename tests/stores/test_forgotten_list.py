"""A list of what is forgotten without its key is no list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from towhee_recsys.errors import StoreError
from towhee_recsys.stores.records.forgotten_list import ForgottenList


def test_a_lost_key_is_an_error_and_nothing_is_hashed_without_it() -> None:
    """A database that evicts documents may lose it at once."""
    written: list[str] = []

    def update(keys: Sequence[str], change: Callable[[str, str | None], str | None]) -> None:
        written.extend(keys)

    evicting = ForgottenList(lambda keys: [None] * len(keys), update, written.extend)
    with pytest.raises(StoreError, match="nothing is forgotten: the store lost"):
        evicting.add({1: None})
    assert written == ["salt"]
