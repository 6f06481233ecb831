"""Leave what is forgotten out of the data that is written to a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from towhee_recsys.components.resources import Resources
from towhee_recsys.types import ITEM_ID, USER_ID, Id, User

if TYPE_CHECKING:
    from towhee_recsys.datasets import Dataset, HistoryBatch
    from towhee_recsys.stores.forgotten import Forgotten


@dataclass(frozen=True, eq=False)
class Remembered:
    """A data set, and its users who are on a store's list of what is forgotten."""

    dataset: Dataset
    listed: Mapping[Id, Forgotten]
    restored: bool
    """Whether they were taken off the list, so that nothing is left out."""

    def user_records(self) -> list[User]:
        """The records of the users who are not forgotten."""
        records = self.dataset.user_records()
        gone = self._gone_users
        return [one for one in records if one[USER_ID] not in gone] if gone else records

    def history_batches(self) -> Iterator[HistoryBatch]:
        """The histories without what is forgotten."""
        for batch in self.dataset.history_batches():
            yield self._kept(batch) if self._gone else batch

    @cached_property
    def listed_users(self) -> int:
        """How many users of the data are on the list as a whole."""
        return sum(entry.user for entry in self.listed.values())

    @cached_property
    def listed_interactions(self) -> int:
        """How many interactions of the data the list covers."""
        return sum(len(items) for items in self.covered(self.listed).values())

    def covered(self, listed: Mapping[Id, Forgotten]) -> dict[Id, list[Id]]:
        """For each user of a list, the items of the data's interactions that the list covers."""
        if not listed:
            return {}
        past, ids = self.dataset.histories, self.dataset.items[ITEM_ID].to_numpy()
        rows = {user: row for row, user in enumerate(self.dataset.users[USER_ID].tolist())}
        return {
            user: [item for item in ids[past.of(rows[user])].tolist() if item in entry]
            for user, entry in listed.items()
        }

    @property
    def _gone(self) -> Mapping[Id, Forgotten]:
        return {} if self.restored else self.listed

    @property
    def _gone_users(self) -> set[Id]:
        return {user for user, entry in self._gone.items() if entry.user}

    def _kept(self, batch: HistoryBatch) -> HistoryBatch:
        """The batch without what is forgotten."""
        gone = self._gone
        kept: list[tuple[Id, list[Id], list[float]]] = []
        for user, items, times in zip(*batch, strict=True):
            entry = gone.get(user)
            if entry is not None:
                left = [(i, t) for i, t in zip(items, times, strict=True) if i not in entry]
                items, times = [item for item, _ in left], [moment for _, moment in left]
            kept.append((user, items, times))
        return type(batch)(*map(list, zip(*kept, strict=True)))


class Forgetting:
    """Looks at the list of what is forgotten before a data set is written, and afterwards."""

    def __init__(self, resources: Resources, restore: bool) -> None:
        """
        Args:
            resources: have the store. Whoever made them closes them.
            restore: whether to take the data's users off the list, rather than leave them out.
        """
        self._resources = resources
        self._restore = restore

    def __deepcopy__(self, memo: object) -> Forgetting:  # Towhee copies the steps of a graph
        return self

    def __call__(self, dataset: Dataset) -> Remembered:
        """The data set without what is forgotten."""
        store = self._resources.store
        listed = store.forgotten(dataset.users[USER_ID].tolist())
        if self._restore:
            store.restore_forgotten(listed)
        return Remembered(dataset, listed, self._restore)

    def again(self, remembered: Remembered) -> Remembered:
        """Remove what was written although it was forgotten in the meantime. Returns its argument,
        for the next step."""
        store = self._resources.store
        listed = store.forgotten(remembered.dataset.users[USER_ID].tolist())
        before = {} if remembered.restored else remembered.listed
        new = {user: entry for user, entry in listed.items() if before.get(user) != entry}
        for user, items in remembered.covered(new).items():
            if new[user].user:
                store.forget_users([user])
            else:
                store.remove_interactions(user, items)
        return remembered
