"""A trained model ↔ one folder of plain files, with a fingerprint of all that makes its vectors.

======================  ============================================================  ===========
file                    what it holds                                                 fingerprint
======================  ============================================================  ===========
weights.safetensors     both towers' weights                                          yes
items.safetensors       code, features and number of interactions of each known item  yes
features.json           vocabularies and scales of the features, the items' ids       yes
schema.json             the columns and their roles                                   yes
config.json             the shape of the towers                                       yes
popularity.safetensors  what is popular among whom, where users have labels           no
calibration.json        how likely what it recommends is, learnt from validation      no
metadata.json           what it was trained on, how, and with which result            no
MODEL_CARD.md           the same for people, and what the model is for                no
manifest.json           a checksum of each file, and the fingerprint of the bundle
======================  ============================================================  ===========

Nothing in it is pickled, and nothing in it is ever executed.
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

FORMAT = 1
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
    """The checksum of each file of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: int
    fingerprint: str
    files: dict[str, str]
    """SHA-256 by file name."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """All that is needed to compute vectors, and to answer where there is no index.

    Item rows are those of the items' table in training.
    """

    schema: Schema
    config: ModelConfig
    metadata: Metadata
    weights: Mapping[str, NDArray[np.float32]]
    """By parameter name of `towhee_recsys.model.TwoTowers`."""
    item_ids: Vocabulary
    """``(N,)`` ids; an item's code less `FIRST` is its row."""
    item_codes: NDArray[np.int32]
    """``(N,)``: the id's code, `UNKNOWN` for an item that nobody had met in training."""
    item_arrays: Mapping[str, NDArray[Any]]
    """The items' features, N rows each."""
    popularity: NDArray[np.int64]
    """``(N,)``: how many interactions each item had in training."""
    user_features: TableFeatures
    item_features: TableFeatures
    segments: Segments = field(default_factory=dict)
    """What is popular among whom; empty in bundles that were written before there was this."""
    calibration: Calibration | None = None
    """How likely what it recommends is; None likewise, and where nothing was kept back."""

    @cached_property
    def popular(self) -> Popular:
        """All items, in the order of their popularity."""
        return Popular(self.popularity, self.item_ids.values, self.segments, self.user_features)

    @cached_property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits; two bundles with the same give the same vectors."""
        return _fingerprint(_checksums(self._fingerprinted()))

    def save(self, path: str | Path) -> None:
        """Write the bundle as a folder, which takes the place of an older one when it is whole.

        Whoever reads `path` meanwhile gets the old one, this one, or a `BundleError`, never a
        mixture. Where saving fails, the old one stays.

        Raises:
            BundleError: `path` is there and is no bundle; it is left alone.
        """
        path = Path(path).absolute()
        if path.exists() and not (path / MANIFEST).is_file():
            raise BundleError(f"{path} exists and is no bundle; name another folder, or remove it")
        files = self._files()
        checksums = _checksums(files)
        manifest = Manifest(format=FORMAT, fingerprint=_fingerprint(checksums), files=checksums)
        write_folder(path, {**files, MANIFEST: manifest.model_dump_json(indent=2).encode()})

    @classmethod
    def load(cls, path: str | Path, manifest: Manifest | None = None) -> Bundle:
        """Read a bundle and check every file of it against the manifest.

        Args:
            path: the folder.
            manifest: its manifest, if that was read already.

        Raises:
            BundleError: naming the file that is missing, damaged, or of another bundle.
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
        bundle.__dict__["fingerprint"] = manifest.fingerprint  # of files that are as it says
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
    """A bundle's manifest alone: its fingerprint, without reading the weights.

    Raises:
        BundleError: there is no bundle, one of another format, or one whose manifest was altered.
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
            f"{file} has format {manifest.format}, this version reads {FORMAT}; "
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
        raise BundleError(f"{file} was altered: its fingerprint does not fit its files")
    return manifest


def read_metadata(path: str | Path) -> Metadata:
    """A bundle's metadata alone, checked against the manifest.

    Raises:
        BundleError: as `Bundle.load`, for this file.
    """
    return _read_part(path, METADATA, Metadata)


def read_schema(path: str | Path) -> Schema:
    """A bundle's schema alone, checked against the manifest.

    Raises:
        BundleError: as `Bundle.load`, for this file.
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
            "truncated, altered, or comes from another; copy the whole folder again"
        )
    return content


def _checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _fingerprint(checksums: Mapping[str, str]) -> str:
    text = "\n".join(f"{name} {checksums[name]}" for name in sorted(FINGERPRINTED))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
