"""The package's map is complete, and only MovieLens' readers and the vocabulary know movies."""

from __future__ import annotations

import re
from pathlib import Path

from towhee_recsys import datasets


def test_every_exported_name_is_in_the_map() -> None:
    for name in datasets.__all__:
        assert f"`{name}`" in (datasets.__doc__ or "")


def test_only_the_movielens_readers_mention_movies() -> None:
    folder = Path(datasets.__file__).parent
    knowing = {
        path.stem
        for path in folder.rglob("*.py")
        if re.search(r"\bmovies?\b|\bgenres?\b", path.read_text("utf-8").lower())
    }
    assert knowing == {"movielens", "movielens_records", "sample", "vocabulary"}
