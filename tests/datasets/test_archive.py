"""Unsafe zips are refused with the name of the member; others are read without extraction."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys.datasets import Dataset
from towhee_recsys.datasets.readers import archive as archive_module
from towhee_recsys.datasets.readers.archive import Archive
from towhee_recsys.errors import DataError


def _zip(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for info, data in members:
            made.writestr(info, data)
    return path


@pytest.mark.parametrize(
    "name", ["../evil.dat", "a/../../evil.dat", "/etc/evil.dat", "..\\evil.dat", "C:\\evil.dat"]
)
def test_member_outside_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = _zip(tmp_path / "x.zip", ("fine.dat", b"1"), (name, b"2"))
    with pytest.raises(DataError, match="leads out") as caught:
        Archive(path)
    assert name in str(caught.value)
    with pytest.raises(DataError, match="leads out"):
        Dataset.load(path)


def test_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("u.data")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DataError, match=r"'u\.data' is a link"):
        Archive(_zip(tmp_path / "x.zip", (link, b"/etc/passwd")))


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", ("ratings.dat", b"0" * (4 << 20)))
    with pytest.raises(DataError, match=r"'ratings\.dat' unpacks to more than 200 times"):
        Archive(path)


def test_too_large_an_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_BYTES", 10)
    path = _zip(tmp_path / "x.zip", ("a", b"123456"), ("b", b"123456"))
    with pytest.raises(DataError, match="'b' takes the whole above"):
        Archive(path)


def test_file_that_is_not_a_zip_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"not a zip at all")
    with pytest.raises(DataError, match="is not a zip"):
        Dataset.load(path)


def test_damaged_member_is_reported(tmp_path: Path, make_zip: Any) -> None:
    rows = b"".join(b"%d::%d::5::9\n" % (n % 97, n % 89) for n in range(5_000))
    path = make_zip("x", {"movies.dat": b"1::A::X\n", "ratings.dat": rows})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\xff" * 40
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"x\.zip.*(damaged|cannot be read)"):
        Dataset.load(path)


@given(st.lists(st.sampled_from(["a", "..", ".", "b.c", "...", "x..y"]), min_size=1, max_size=5))
def test_name_is_refused_only_if_it_leads_out(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    path = _zip(tmp_path_factory.mktemp("zip") / "x.zip", ("/".join(parts), b"1"))
    if ".." in parts:
        with pytest.raises(DataError, match="leads out"):
            Archive(path)
    else:
        archive = Archive(path)
        assert archive.open(archive.names()[0]).read() == b"1"


def test_folder_and_zip_give_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "f" / "sub").mkdir(parents=True)
    (tmp_path / "f" / "sub" / "a.txt").write_bytes(b"hello")
    zipped = Archive(_zip(tmp_path / "f.zip", ("sub/", b""), ("sub/a.txt", b"hello")))
    folder = Archive(tmp_path / "f")
    for archive in (zipped, folder):
        assert archive.names() == ["sub/a.txt"]
        with archive.open("sub/a.txt") as file:
            assert file.read() == b"hello"
