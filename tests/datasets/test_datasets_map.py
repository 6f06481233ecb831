"""The package's map names what it exports, and only there the word of one data set is known."""

from __future__ import annotations

import re
from pathlib import Path

from towhee_recsys import datasets


def test_all_that_is_exported_is_there_and_in_the_map() -> None:
    assert len(set(datasets.__all__)) == len(datasets.__all__)
    for name in datasets.__all__:
        assert hasattr(datasets, name)
        assert f"`{name}`" in (datasets.__doc__ or "")


def test_only_the_movielens_readers_know_what_a_movie_is() -> None:
    folder = Path(datasets.__file__).parent
    knowing = {
        path.stem
        for path in folder.rglob("*.py")
        if re.search(r"\bmovies?\b|\bgenres?\b", path.read_text("utf-8").lower())
    }
    assert knowing == {"movielens", "movielens_records", "sample"}
