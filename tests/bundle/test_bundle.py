"""Bundles: saving, loading, damaged files, and that nothing in them can be executed."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.tiny import SHORT, TINY, cycle

from towhee_recsys import Bundle, ItemEncoder, UserEncoder, train
from towhee_recsys.bundle.bundle import FINGERPRINTED, read_manifest, read_metadata, read_schema
from towhee_recsys.datasets import Schema
from towhee_recsys.encoders import Towers
from towhee_recsys.errors import BundleError
from towhee_recsys.features import TableFeatures, Vocabulary

FILES = [*FINGERPRINTED, "calibration.json", "metadata.json", "MODEL_CARD.md"]
USERS = [{"history": [1, 2, 3]}, {"history": []}, {"history": [9]}]


@pytest.fixture(scope="module")
def saved(cycle_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "bundle"
    cycle_bundle.save(path)
    return path


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that differs from `saved` in every file."""
    data = cycle()
    users = data.users.assign(age=range(len(data.users)))
    dataset = type(data).from_frames(
        data.interactions.iloc[:700], data.items.iloc[:24], users, user_columns=["age"]
    )
    model = TINY.model_copy(update={"hidden_size": 16})
    path = tmp_path_factory.mktemp("another") / "bundle"
    train(dataset, SHORT.model_copy(update={"epochs": 1}), model).save(path)
    return path


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "bundle"))


def _content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_loaded_bundle_equals_saved_one(sample_bundle: Bundle, sample_bundle_path: Path) -> None:
    loaded = Bundle.load(sample_bundle_path)
    assert loaded.fingerprint == sample_bundle.fingerprint
    assert loaded.metadata == sample_bundle.metadata
    assert loaded.schema == sample_bundle.schema
    assert loaded.config == sample_bundle.config
    assert loaded.item_ids.values == sample_bundle.item_ids.values
    np.testing.assert_array_equal(loaded.popularity, sample_bundle.popularity)
    items = [
        {"item_id": 3, "title": "The Tiny Robot", "genres": ["Horror"], "year": 1999},
        {"item_id": -1, "director": "nobody"},
    ]
    users = [{"user": {"age": 30, "gender": "F"}, "history": [5, 6, 7]}, {}]
    np.testing.assert_array_equal(
        ItemEncoder(loaded).encode(items), ItemEncoder(sample_bundle).encode(items)
    )
    np.testing.assert_array_equal(
        UserEncoder(str(sample_bundle_path)).encode(users), UserEncoder(sample_bundle).encode(users)
    )


def test_bundle_without_model_card_loads(copy: Path, cycle_bundle: Bundle) -> None:
    (copy / "MODEL_CARD.md").unlink()
    _manifest(copy, lambda m: m["files"].pop("MODEL_CARD.md"))
    assert Bundle.load(copy).fingerprint == cycle_bundle.fingerprint


def test_results_can_be_added_to_a_saved_bundle(copy: Path) -> None:
    bundle = Bundle.load(copy)
    meta = bundle.metadata.model_copy(update={"test": {"hr@10": 0.25}})
    dataclasses.replace(bundle, metadata=meta).save(copy)
    assert Bundle.load(copy).fingerprint == bundle.fingerprint
    assert read_metadata(copy).test == {"hr@10": 0.25}
    assert "| test | HR@10 | 0.2500 |" in (copy / "MODEL_CARD.md").read_text()


def test_saving_again_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    Bundle.load(saved).save(tmp_path / "deeper" / "again")
    assert _content(tmp_path / "deeper" / "again") == _content(saved)


def test_manifest_metadata_and_schema_can_be_read_alone(saved: Path, cycle_bundle: Bundle) -> None:
    manifest = read_manifest(saved)
    assert manifest.fingerprint == cycle_bundle.fingerprint
    assert re.fullmatch("[0-9a-f]{8}", manifest.fingerprint)
    assert sorted(manifest.files) == sorted(FILES)
    assert {file.name for file in saved.iterdir()} == {*FILES, "manifest.json"}
    assert read_metadata(saved) == cycle_bundle.metadata
    assert read_schema(saved) == cycle_bundle.schema


def _heavier(b: Bundle) -> dict[str, Any]:
    name = next(iter(b.weights))
    changed = b.weights[name].copy()
    changed.flat[0] = np.nextafter(changed.flat[0], np.float32(1))
    return {"weights": {**b.weights, name: changed}}


def _reversed(features: TableFeatures) -> TableFeatures:
    values = features.state()["half"]["values"][::-1]
    return TableFeatures.load({"half": {"role": "categorical", "values": values}})


CHANGES: dict[str, Callable[[Bundle], dict[str, Any]]] = {
    "one weight": _heavier,
    "the schema": lambda b: {"schema": Schema.model_validate({"items": {"half": "text"}})},
    "the ids": lambda b: {"item_ids": Vocabulary([*b.item_ids.values[:-1], 99])},
    "a vocabulary": lambda b: {
        "item_features": TableFeatures.load({"half": {"role": "categorical", "values": ["a", "b"]}})
    },
    "the order of a vocabulary": lambda b: {"item_features": _reversed(b.item_features)},
    "the shape": lambda b: {"config": b.config.model_copy(update={"max_history": 11})},
    "a code": lambda b: {"item_codes": b.item_codes[::-1].copy()},
    "the popularity": lambda b: {"popularity": b.popularity + 1},
}


@pytest.mark.parametrize("what", CHANGES)
def test_fingerprint_changes_with_everything_that_determines_vectors(
    cycle_bundle: Bundle, what: str
) -> None:
    changed = dataclasses.replace(cycle_bundle, **CHANGES[what](cycle_bundle))
    assert changed.fingerprint != cycle_bundle.fingerprint


def test_fingerprint_does_not_depend_on_metadata(cycle_bundle: Bundle) -> None:
    meta = cycle_bundle.metadata.model_copy(update={"data": "other", "seconds": 1e6, "seed": 9})
    assert dataclasses.replace(cycle_bundle, metadata=meta).fingerprint == cycle_bundle.fingerprint


def _truncate(file: Path, other: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _alter(file: Path, other: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def _swap(file: Path, other: Path) -> None:
    assert file.read_bytes() != other.read_bytes()
    shutil.copy(other, file)


def _empty(file: Path, other: Path) -> None:
    file.write_bytes(b"")


def _remove(file: Path, other: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [_truncate, _alter, _swap, _empty, _remove])
@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_damaged_file_is_refused_and_named(
    copy: Path, another: Path, name: str, damage: Callable[[Path, Path], None]
) -> None:
    damage(copy / name, another / name)
    with pytest.raises(BundleError) as caught:
        Bundle.load(copy)
    # A whole manifest of another bundle disagrees with whichever file is read first.
    if not (name == "manifest.json" and damage is _swap):
        assert name in str(caught.value)
    assert str(copy) in str(caught.value)


@pytest.mark.parametrize(
    ("read", "name"), [(read_metadata, "metadata.json"), (read_schema, "schema.json")]
)
def test_parts_read_alone_are_checked(
    copy: Path, read: Callable[[Path], object], name: str
) -> None:
    _alter(copy / name, copy)
    with pytest.raises(BundleError, match=name):
        read(copy)


def _manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "fingerprint": (lambda m: m.update(fingerprint="00000000"), "fingerprint does not match"),
    "format": (lambda m: m.update(format=1), "has format 1, but this version reads format 2"),
    "too few": (lambda m: m["files"].pop("schema.json"), r"schema\.json missing"),
    "outside": (lambda m: m["files"].update({"../x": "0"}), r"it names \['\.\./x'\]"),
    "field": (lambda m: m.update(more=1), "cannot be read as a bundle's manifest"),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_altered_manifest_is_refused(copy: Path, what: str) -> None:
    change, message = MANIFESTS[what]
    _manifest(copy, change)
    with pytest.raises(BundleError, match=message):
        Bundle.load(copy)


def test_folder_without_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle at .*nowhere \(manifest\.json is missing\)"):
        Bundle.load(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(BundleError, match="cannot be read as a bundle's manifest"):
        Bundle.load(file)


def test_mismatched_weights_are_named(cycle_bundle: Bundle) -> None:
    fewer = dict(cycle_bundle.weights)
    name, _ = fewer.popitem()
    with pytest.raises(BundleError, match=f"do not fit the model: {re.escape(name)} differ"):
        Towers(dataclasses.replace(cycle_bundle, weights=fewer))


def test_saving_replaces_an_older_bundle(copy: Path, another: Path) -> None:
    Bundle.load(another).save(copy)
    assert _content(copy) == _content(another)
    assert [p.name for p in copy.parent.iterdir()] == ["bundle"]


def test_saving_does_not_overwrite_other_files(cycle_bundle: Bundle, tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    file.write_text("as well")
    for path in (folder, file):
        with pytest.raises(BundleError, match="exists and is not a bundle"):
            cycle_bundle.save(path)
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert file.read_text() == "as well"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_old_bundle_stays_if_saving_fails(
    copy: Path, cycle_bundle: Bundle, another: Path, tmp_path: Path
) -> None:
    unsavable = dataclasses.replace(
        cycle_bundle, weights={**cycle_bundle.weights, "x": np.array(["text"])}
    )
    with pytest.raises(Exception, match=r"(?i)dtype|U4|str"):
        unsavable.save(copy)
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]
    assert Bundle.load(copy).fingerprint == cycle_bundle.fingerprint
    with pytest.raises(Exception, match=r"(?i)dtype|U4|str"):
        unsavable.save(tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions bind"
)
def test_old_bundle_stays_in_a_read_only_folder(copy: Path, another: Path) -> None:
    before = _content(copy)
    copy.parent.chmod(0o500)
    try:
        with pytest.raises(OSError, match="ermission"):
            Bundle.load(another).save(copy)
    finally:
        copy.parent.chmod(0o700)
    assert _content(copy) == before


def test_nothing_in_a_bundle_is_pickled(sample_bundle_path: Path) -> None:
    for name, content in _content(sample_bundle_path).items():
        assert not content.startswith((b"\x80", b"PK", b"\x93NUMPY")), name
        if name.endswith(".json"):
            assert isinstance(json.loads(content), dict)
            continue
        if name == "MODEL_CARD.md":
            assert content.decode().startswith("---\nlibrary_name: towhee_recsys\n")
            continue
        # safetensors: the length of a JSON header, the header, and numbers to the last byte.
        size = int.from_bytes(content[:8], "little")
        tensors = json.loads(content[8 : 8 + size])
        tensors.pop("__metadata__", None)
        assert {t["dtype"] for t in tensors.values()} <= {"F32", "I32", "I64"}
        assert max(t["data_offsets"][1] for t in tensors.values()) == len(content) - 8 - size
