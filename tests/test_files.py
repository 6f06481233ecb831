"""Files and folders are replaced completely or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from towhee_recsys.files import replace_file, write_folder


def test_folder_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "folder"
    write_folder(path, {"a": b"1", "b": b"2"})
    write_folder(path, {"b": b"3"})
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {"b": b"3"}
    assert [entry.name for entry in path.parent.iterdir()] == ["folder"]


def test_older_folder_stays_if_writing_fails(tmp_path: Path) -> None:
    write_folder(tmp_path / "folder", {"a": b"1"})
    with pytest.raises(OSError, match="no/such"):
        write_folder(tmp_path / "folder", {"a": b"2", "no/such": b""})
    assert (tmp_path / "folder" / "a").read_bytes() == b"1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("older", [None, b"1"])
def test_file_appears_only_when_complete(tmp_path: Path, older: bytes | None) -> None:
    path = tmp_path / "file"
    if older is not None:
        path.write_bytes(older)
    with replace_file(path) as new:
        new.write_bytes(b"2")
        assert (path.read_bytes() if path.exists() else None) == older
    assert path.read_bytes() == b"2"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def _write_and_fail(path: Path) -> None:
    with replace_file(path) as new:
        new.write_bytes(b"2")
        raise KeyboardInterrupt


def test_older_file_stays_if_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1")
    with pytest.raises(KeyboardInterrupt):
        _write_and_fail(path)
    assert path.read_bytes() == b"1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_leftover_of_a_killed_writer_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replace_file(path) as new:
        new.write_bytes(b"2")
    new.write_bytes(b"a longer text that a killed process left")
    with replace_file(path) as again:
        again.write_bytes(b"3")
    assert path.read_bytes() == b"3"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
