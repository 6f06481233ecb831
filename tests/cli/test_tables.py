"""Tables keep ids and figures whole at any width of the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from towhee_recsys.cli.tables import print_items

LONG = "0f8fad5b-d9cb-469f-a165-70867728950e"


def _answer(item_id: Any) -> list[dict[str, Any]]:
    title = "An Uncommonly Long Title of Many Words, for Which There Is No Room"
    fields = {"year": 1999, "title": title, "genres": ["Comedy", "Drama"], "director": "A. Body"}
    return [
        {"item_id": item_id, "score": 12.345, "rank": rank, "route": "personal", **fields}
        for rank in (1, 10)
    ]


@pytest.mark.parametrize("item_id", [1234567890, LONG])
@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_ids_and_scores_are_whole_at_any_width(
    item_id: Any,
    columns: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_items(_answer(item_id), ["title"])
    shown = capsys.readouterr().out
    assert shown.count(str(item_id)) == 2
    assert shown.count("12.345") == 2
    assert "Uncommonly" in shown
    assert "…" not in shown


def test_a_table_fits_where_it_can(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_items(_answer(123), ["title"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 42


def test_the_title_comes_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_items(_answer(123), ["title"])
    heading = next(line for line in capsys.readouterr().out.splitlines() if "score" in line)
    names = "# score item title year genres director"
    assert " ".join(heading.replace("┃", " ").split()) == names


def test_route_is_a_column_only_where_rows_differ(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    first, second = _answer(123)
    print_items([first, {**second, "route": "popular"}], ["title"])
    shown = capsys.readouterr().out
    assert "route" in shown
    assert "popular" in shown


@pytest.mark.parametrize("extra", [{}, {"because": [{"item_id": 5, "title": "Jaws"}]}])
def test_titles_have_room_in_80_columns(
    extra: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    title = "Indiana Jones and the Last Crusade"
    genres = ["Action", "Adventure", "Children's", "Comedy", "Science Fiction"]
    rows = [{**row, "title": title, "genres": genres, **extra} for row in _answer(123_456)]
    print_items(rows, ["title"])
    shown = capsys.readouterr().out
    assert shown.count(title) == 2
    assert max(map(len, shown.splitlines())) <= 80
    assert "year" in shown
