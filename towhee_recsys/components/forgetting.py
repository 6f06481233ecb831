"""Leave what is forgotten out of what is written: to a store, and to files of answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from towhee_recsys.components.resources import Resources
from towhee_recsys.stores.base import RecordStore
from towhee_recsys.types import ITEM_ID, MAX_HISTORY, USER_ID, Id, Interaction, User

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
    left: str | None = None
    """What may be left on the store's disk of what was removed at the end, for people."""

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
        return sum(len(times) for times in self._covered(self.listed).values())

    def written(
        self, listed: Mapping[Id, Forgotten], there: Iterable[Interaction]
    ) -> Iterator[Interaction]:
        """Those of a store's interactions that a list covers and this data has too, so that an
        ingest of it wrote them. New acts have times of their own."""
        covered = self._covered(listed)
        for one in there:
            own, moment = covered[one["user_id"]], one.get("timestamp")
            if one["item_id"] not in own or moment is None:
                continue
            time = own[one["item_id"]]
            # Without timestamps the time is a place in the history, as it was at that ingest.
            if moment == time if time is not None else 0 <= moment < MAX_HISTORY:
                yield one

    def _covered(self, listed: Mapping[Id, Forgotten]) -> dict[Id, dict[Id, float | None]]:
        """For each user of a list, the items of the data's interactions that the list covers, with
        their timestamps, None if the data has none."""
        if not listed:
            return {}
        past, ids = self.dataset.histories, self.dataset.items[ITEM_ID].to_numpy()
        rows = {user: row for row, user in enumerate(self.dataset.users[USER_ID].tolist())}
        covered: dict[Id, dict[Id, float | None]] = {}
        for user, entry in listed.items():
            place = slice(past.offsets[rows[user]], past.offsets[rows[user] + 1])
            items = ids[past.items[place]].tolist()
            times = past.timestamps
            moments = [None] * len(items) if times is None else times[place].tolist()
            pairs = zip(items, moments, strict=True)
            covered[user] = {item: moment for item, moment in pairs if item in entry}
        return covered

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
        """Remove what is in the store although it is forgotten: it was forgotten while this ingest
        ran, or while one that was killed did. Returns its argument, for the next step."""
        store = self._resources.store
        dataset = remembered.dataset
        listed = store.forgotten(dataset.users[USER_ID].tolist())
        if not listed:
            return remembered
        whole = {user for user, entry in listed.items() if entry.user}
        records = [one for one in dataset.user_records() if one[USER_ID] in whole] if whole else []
        there = (one for past in store.get_interactions(list(listed)) for one in past)
        removed = store.take_back(records, remembered.written(listed, there))
        return replace(remembered, left=store.erase()) if removed else remembered


def without_forgotten(store: RecordStore, users: Sequence[Id]) -> list[Id]:
    """The users without those who are forgotten and of whom the store knows nothing since."""
    gone = [user for user, entry in store.forgotten(users).items() if entry.user]
    known = zip(gone, store.get_users(gone), store.get_histories(gone), strict=True)
    nobody = {user for user, record, history in known if record is None and not history}
    return [user for user in users if user not in nobody]
