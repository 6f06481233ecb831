"""A folder is replaced whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from towhee_recsys.files import write_folder


def test_a_folder_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "folder"
    write_folder(path, {"a": b"1", "b": b"2"})
    write_folder(path, {"b": b"3"})
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {"b": b"3"}
    assert [entry.name for entry in path.parent.iterdir()] == ["folder"]


def test_where_writing_fails_the_older_one_stays(tmp_path: Path) -> None:
    write_folder(tmp_path / "folder", {"a": b"1"})
    with pytest.raises(OSError, match="no/such"):
        write_folder(tmp_path / "folder", {"a": b"2", "no/such": b""})
    assert (tmp_path / "folder" / "a").read_bytes() == b"1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
