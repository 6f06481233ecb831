"""Save and load a trained model as a folder of plain files, with a fingerprint of its vectors.

======================  ============================================================  ===========
file                    what it holds                                                 fingerprint
======================  ============================================================  ===========
weights.safetensors     both towers' weights                                          yes
items.safetensors       code, features and number of interactions of each known item  yes
features.json           vocabularies and scales of the features, the items' ids       yes
schema.json             the columns and their roles                                   yes
config.json             the shape of the towers                                       yes
popularity.safetensors  popular items by label of users, if there are such labels     no
calibration.json        scores as probabilities, if interactions were held out        no
metadata.json           the training data, the settings and the metrics               no
MODEL_CARD.md           the same as text, with intended use and limitations           no
manifest.json           a checksum of each file, and the fingerprint of the bundle
======================  ============================================================  ===========

The fingerprint covers the files that determine the vectors. Nothing is pickled, and nothing is
executed when a bundle is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from towhee_recsys.bundle.calibration import Calibration
from towhee_recsys.bundle.card import model_card
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.bundle.popularity import Popular, Segments, read_segments, segment_arrays
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.errors import BundleError
from towhee_recsys.features.columns import TableFeatures
from towhee_recsys.features.vocabulary import Vocabulary
from towhee_recsys.files import write_folder
from towhee_recsys.model.config import ModelConfig

Part = TypeVar("Part", bound=BaseModel)

FORMAT = 2
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
ITEMS = "items.safetensors"
FEATURES = "features.json"
SCHEMA = "schema.json"
CONFIG = "config.json"
POPULARITY = "popularity.safetensors"
CALIBRATION = "calibration.json"
METADATA = "metadata.json"
MODEL_CARD = "MODEL_CARD.md"
FINGERPRINTED = (WEIGHTS, ITEMS, FEATURES, SCHEMA, CONFIG)


class Manifest(BaseModel):
    """A bundle's fingerprint, and the checksum of each of its files."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: int
    fingerprint: str
    files: dict[str, str]
    """SHA-256 checksums by file name."""


@dataclass(frozen=True, eq=False, repr=False)
class Bundle:
    """A trained model: all that is needed to compute vectors, and to recommend without an index.

    The N items are those of the items' table in training, in its order.
    """

    schema: Schema
    config: ModelConfig
    metadata: Metadata
    weights: Mapping[str, NDArray[np.float32]]
    """Weights by parameter name of `towhee_recsys.model.TwoTowers`."""
    item_ids: Vocabulary
    """The N items' ids. An item's code minus `FIRST` is its row."""
    item_codes: NDArray[np.int32]
    """``(N,)``: each id's code, `UNKNOWN` for an item without interactions in training."""
    item_arrays: Mapping[str, NDArray[Any]]
    """The items' features by name, N rows each."""
    popularity: NDArray[np.int64]
    """``(N,)``: the number of each item's interactions in training."""
    user_features: TableFeatures
    item_features: TableFeatures
    segments: Segments = field(default_factory=dict)
    """Popular items by label of users. Empty if no label has enough users."""
    calibration: Calibration | None = None
    """Scores as probabilities. None if no interactions were held out."""

    def __repr__(self) -> str:
        meta = self.metadata
        facts = [meta.data, f"{meta.users:,} users", f"{meta.items:,} items"]
        for name, metrics in (("test", meta.test), ("validation", meta.validation)):
            if metrics:
                facts.append(f"{name} NDCG@10 {metrics['ndcg@10']:.3f}")
                break
        return f"<Bundle {self.fingerprint}: {', '.join(facts)}>"

    @cached_property
    def popular(self) -> Popular:
        """All items, ordered by popularity."""
        return Popular(self.popularity, self.item_ids.values, self.segments, self.user_features)

    @cached_property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits. Bundles with the same fingerprint give the same vectors."""
        return _fingerprint(_checksums(self._fingerprinted()))

    def save(self, path: str | Path) -> None:
        """Write the bundle as a folder. A bundle at `path` is replaced when the new one is
        complete.

        A reader gets the old bundle, the new one, or a `BundleError`, never a mixture. If saving
        fails, the old bundle stays.

        Raises:
            BundleError: `path` exists and is not a bundle. It stays as it is.
        """
        path = Path(path).absolute()
        if path.exists() and not (path / MANIFEST).is_file():
            raise BundleError(
                f"{path} exists and is not a bundle; name another folder, or remove it"
            )
        files = self._files()
        checksums = _checksums(files)
        manifest = Manifest(format=FORMAT, fingerprint=_fingerprint(checksums), files=checksums)
        write_folder(path, {**files, MANIFEST: manifest.model_dump_json(indent=2).encode()})

    @classmethod
    def load(cls, path: str | Path, manifest: Manifest | None = None) -> Bundle:
        """Read a bundle, and check each of its files against the manifest.

        Args:
            path: the folder.
            manifest: its manifest, if the caller has read it already.

        Raises:
            BundleError: a file is missing, damaged, or belongs to another bundle; the message names
                it.
        """
        path = Path(path)
        manifest = manifest or read_manifest(path)
        files = {name: _read(path / name, digest) for name, digest in manifest.files.items()}
        try:
            features = json.loads(files[FEATURES])
            items = load_tensors(files[ITEMS])
            user_features = TableFeatures.load(features["users"])
            popularity = load_tensors(files[POPULARITY]) if POPULARITY in files else {}
            bundle = cls(
                schema=Schema.model_validate_json(files[SCHEMA]),
                config=ModelConfig.model_validate_json(files[CONFIG]),
                metadata=Metadata.model_validate_json(files[METADATA]),
                weights=load_tensors(files[WEIGHTS]),
                item_ids=Vocabulary(features["item_ids"]),
                item_codes=items["codes"],
                popularity=items["popularity"],
                item_arrays={n: items[f"feature.{n}"] for n in features["items"]},
                user_features=user_features,
                item_features=TableFeatures.load(features["items"]),
                segments=read_segments(popularity, user_features),
                calibration=(
                    Calibration.model_validate_json(files[CALIBRATION])
                    if CALIBRATION in files
                    else None
                ),
            )
        except (LookupError, TypeError, ValueError, SafetensorError) as exc:
            raise _foreign(path, exc) from exc
        bundle.__dict__["fingerprint"] = manifest.fingerprint  # the files have been checked
        return bundle

    def _files(self) -> dict[str, bytes]:
        card = model_card(self.metadata, self.schema, self.config, self.fingerprint)
        files = self._fingerprinted()
        if segments := segment_arrays(self.segments, self.user_features):
            files[POPULARITY] = save_tensors(segments)
        if self.calibration is not None:
            files[CALIBRATION] = self.calibration.model_dump_json(indent=2).encode()
        return {
            **files,
            METADATA: self.metadata.model_dump_json(indent=2).encode(),
            MODEL_CARD: card.encode(),
        }

    def _fingerprinted(self) -> dict[str, bytes]:
        items = {f"feature.{name}": array for name, array in self.item_arrays.items()}
        features = {
            "item_ids": self.item_ids.values,
            "users": self.user_features.state(),
            "items": self.item_features.state(),
        }
        return {
            WEIGHTS: save_tensors(
                {name: np.ascontiguousarray(w) for name, w in self.weights.items()}
            ),
            ITEMS: save_tensors({"codes": self.item_codes, "popularity": self.popularity, **items}),
            FEATURES: json.dumps(features, ensure_ascii=False).encode(),
            SCHEMA: self.schema.model_dump_json(indent=2).encode(),
            CONFIG: self.config.model_dump_json(indent=2).encode(),
        }


def read_manifest(path: str | Path) -> Manifest:
    """Read a bundle's manifest only: its fingerprint, without the weights.

    Raises:
        BundleError: there is no bundle, its format is another one, or its manifest was altered.
    """
    file = Path(path) / MANIFEST
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except FileNotFoundError as exc:
        raise BundleError(
            f"there is no bundle at {Path(path)} ({MANIFEST} is missing); train one, "
            "or name its folder"
        ) from exc
    except (OSError, ValidationError) as exc:
        raise BundleError(f"{file} cannot be read as a bundle's manifest: {exc}") from exc
    if manifest.format != FORMAT:
        raise BundleError(
            f"{file} has format {manifest.format}, but this version reads format {FORMAT}; "
            "train the model again, or install the version that wrote it"
        )
    missing = {*FINGERPRINTED, METADATA} - manifest.files.keys()
    stray = [name for name in manifest.files if name != Path(name).name]
    if missing or stray:
        raise BundleError(
            f"{file} was altered: it names {stray or 'too few files'}"
            + (f", {', '.join(sorted(missing))} missing" if missing else "")
        )
    if _fingerprint(manifest.files) != manifest.fingerprint:
        raise BundleError(f"{file} was altered: its fingerprint does not match its files")
    return manifest


def read_metadata(path: str | Path) -> Metadata:
    """Read a bundle's metadata only, checked against the manifest.

    Raises:
        BundleError: as in `Bundle.load`, for this file.
    """
    return _read_part(path, METADATA, Metadata)


def read_schema(path: str | Path) -> Schema:
    """Read a bundle's schema only, checked against the manifest.

    Raises:
        BundleError: as in `Bundle.load`, for this file.
    """
    return _read_part(path, SCHEMA, Schema)


def _read_part(path: str | Path, name: str, kind: type[Part]) -> Part:
    content = _read(Path(path) / name, read_manifest(path).files[name])
    try:
        return kind.model_validate_json(content)
    except ValidationError as exc:
        raise _foreign(path, exc) from exc


def _foreign(path: str | Path, exc: Exception) -> BundleError:
    return BundleError(f"{path} was written by another version of this library: {exc}")


def _read(file: Path, digest: str) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as exc:
        raise BundleError(
            f"{file} is missing or cannot be read: {exc.strerror}; copy the whole "
            "folder again, or train the model again"
        ) from exc
    if hashlib.sha256(content).hexdigest() != digest:
        raise BundleError(
            f"{file} is not the file that was saved with this bundle: it was "
            "truncated or altered, or belongs to another bundle; copy the whole folder again"
        )
    return content


def _checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _fingerprint(checksums: Mapping[str, str]) -> str:
    text = "\n".join(f"{name} {checksums[name]}" for name in sorted(FINGERPRINTED))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
