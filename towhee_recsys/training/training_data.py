"""Turn a data set into the arrays that training reads, and pass them between processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from towhee_recsys.datasets import Dataset, Histories, Split, split
from towhee_recsys.features import FIRST, UNKNOWN, TableFeatures
from towhee_recsys.types import ITEM_ID

_ARRAYS = "data.safetensors"
_FEATURES = "features.json"


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The split histories and the features of U users and N items."""

    split: Split
    holdout: str
    """What the split holds out, as `TrainingConfig` writes it; never ``auto``."""
    ids: str
    """A digest of the items' ids."""
    order: NDArray[np.int64]
    """``(N,)`` the place of each item in the order of ids."""
    user_features: TableFeatures
    item_features: TableFeatures
    user_arrays: Mapping[str, NDArray[Any]]
    """The users' features, U rows each."""
    item_arrays: Mapping[str, NDArray[Any]]
    """The items' features, N rows each."""

    @classmethod
    def of(cls, dataset: Dataset, holdout: str) -> TrainingData:
        """The arrays of a data set; `holdout` as in `TrainingConfig`."""
        parts, used = split(dataset.histories, holdout, dataset.name)
        users, items = dataset.user_records(), dataset.item_records()
        user_features = TableFeatures.fit(dataset.schema.users, users)
        item_features = TableFeatures.fit(dataset.schema.items, items)
        ids = json.dumps(dataset.items[ITEM_ID].tolist())
        return cls(
            ids=hashlib.sha256(ids.encode()).hexdigest(),
            split=parts,
            holdout=used,
            order=np.argsort(np.argsort(dataset.items[ITEM_ID].to_numpy(), kind="stable")),
            user_features=user_features,
            item_features=item_features,
            user_arrays=user_features.transform(users),
            item_arrays=item_features.transform(items),
        )

    @property
    def items(self) -> int:
        """How many items there are, N."""
        return len(self.order)

    @cached_property
    def popularity(self) -> NDArray[np.int64]:
        """``(N,)`` training interactions of each item."""
        return self.split.train.item_counts(self.items)

    @cached_property
    def codes(self) -> NDArray[np.int32]:
        """``(N,)`` codes of the ids; `UNKNOWN` for an item without training interactions, since
        nothing can be learnt about its id."""
        return np.where(self.popularity > 0, np.arange(self.items) + FIRST, UNKNOWN).astype("i4")

    @cached_property
    def trained(self) -> NDArray[np.int64]:
        """Rows of the items with training interactions."""
        return np.flatnonzero(self.popularity)

    @cached_property
    def digest(self) -> str:
        """Identifies the training data: everything except the test items."""
        digest = hashlib.sha256(json.dumps(self._features()).encode())
        for name, array in sorted(self._arrays().items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write everything except the test items, which training must not read."""
        arrays = {name: np.ascontiguousarray(array) for name, array in self._arrays().items()}
        save_file(arrays, folder / _ARRAYS)
        (folder / _FEATURES).write_text(json.dumps(self._features()), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TrainingData:
        """Read what `save` wrote."""
        arrays = load_file(folder / _ARRAYS)
        features = json.loads((folder / _FEATURES).read_text(encoding="utf-8"))
        validation = arrays["validation"]
        return cls(
            split=Split(
                Histories(arrays["offsets"], arrays["histories"], ordered=features["ordered"]),
                validation,
                np.full_like(validation, -1),
            ),
            holdout=features["holdout"],
            ids=features["ids"],
            order=arrays["order"],
            user_features=TableFeatures.load(features["user"]),
            item_features=TableFeatures.load(features["item"]),
            user_arrays={name: arrays[f"user.{name}"] for name in features["user"]},
            item_arrays={name: arrays[f"item.{name}"] for name in features["item"]},
        )

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "offsets": self.split.train.offsets,
            "histories": self.split.train.items,
            "validation": self.split.validation,
            "order": self.order,
            **{f"user.{name}": array for name, array in self.user_arrays.items()},
            **{f"item.{name}": array for name, array in self.item_arrays.items()},
        }

    def _features(self) -> dict[str, Any]:
        return {
            "holdout": self.holdout,
            "ordered": self.split.train.ordered,
            "ids": self.ids,
            "user": self.user_features.state(),
            "item": self.item_features.state(),
        }
