"""The descriptions of tables in other forms are read, and the messages shown are those printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import URL, create_engine, make_url

from towhee_recsys.datasets import Dataset, validate
from towhee_recsys.types import Item

PAGE = (Path(__file__).parents[2] / "docs" / "own-data.md").read_text("utf-8")
DESCRIBED = dict(re.findall(r"^```yaml\n# (\w+)/dataset\.yaml\n(.*?)^```", PAGE, re.S | re.M))


def restaurants(folder: Path) -> None:
    (folder / "rating_final.csv").write_text("userID;placeID;rating\nU1;7;2\nU2;8;0\n")
    (folder / "places.csv").write_text("placeID,name,price,rank\n7,Tortas,?,1\n8,Luna,low,?\n")
    (folder / "cuisines.csv").write_text("placeID,Rcuisine\n7,Bar\n7,Mexican\n")


def music(folder: Path) -> None:
    text = "userID\tartistID\tday\n1\tDie Ärzte\t13/4/2009\n"
    (folder / "plays.dat").write_bytes(text.encode("latin-1"))


def films(folder: Path) -> None:
    (folder / "ratings.dat").write_text("1::2::5\n1::3::4\n")
    (folder / "movies.dat").write_text("2::Toy Story::Comedy|Animation\n3::Up::\n")


def shop(folder: Path) -> None:
    (folder / "orders").mkdir()
    for number in (1, 2):
        rows = {"user_id": [1], "item_id": [number], "day": ["2024-05-01"]}
        pd.DataFrame(rows).to_parquet(folder / "orders" / f"{number}.parquet")
    line = '{"item_id": 1, "title": "Tea", "tags": ["green"], "price": 2.5}\n'
    (folder / "products.jsonl").write_text(line)


CASES: dict[str, tuple[Callable[[Path], None], list[Item]]] = {
    "restaurants": (restaurants, [
        {"item_id": 7, "name": "Tortas", "price": None, "stars": 1, "cuisine": ["Bar", "Mexican"]},
        {"item_id": 8, "name": "Luna", "price": "low", "stars": None, "cuisine": []},
    ]),
    "music": (music, [{"item_id": "Die Ärzte"}]),
    "films": (films, [
        {"item_id": 2, "title": "Toy Story", "genres": ["Comedy", "Animation"]},
        {"item_id": 3, "title": "Up", "genres": []},
    ]),
    "shop": (shop, [{"item_id": 1, "title": "Tea", "tags": ["green"], "price": 2.5}]),
}  # fmt: skip


def test_every_description_has_a_test() -> None:
    assert set(DESCRIBED) == {*CASES, "database"}


@pytest.mark.parametrize("name", CASES)
def test_description_is_read(tmp_path: Path, name: str) -> None:
    write, items = CASES[name]
    write(tmp_path)
    (tmp_path / "dataset.yaml").write_text(DESCRIBED[name], "utf-8")
    assert Dataset.load(tmp_path).item_records() == items


def test_description_of_a_database_is_read(
    tmp_path: Path, mysql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(mysql_url)
    with engine.begin() as connection:
        for statement in (
            "DROP TABLE IF EXISTS orders, products",
            "CREATE TABLE orders (customer INT, product INT, bought DATETIME)",
            "INSERT INTO orders VALUES (1, 7, '2024-05-01')",
            "CREATE TABLE products (product INT PRIMARY KEY, title TEXT, price DECIMAL(6, 2))",
            "INSERT INTO products VALUES (7, 'Tea', 2.5)",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    whole = make_url(mysql_url)
    url = URL.create(whole.drivername, whole.username, None, whole.host, whole.port, whole.database)
    monkeypatch.setenv("SHOP_PASSWORD", str(whole.password))
    described = DESCRIBED["database"].replace(
        "mysql+pymysql://reader@db.example.org/shop", str(url)
    )
    (tmp_path / "dataset.yaml").write_text(described)
    dataset = Dataset.load(tmp_path)
    assert dataset.item_records() == [{"item_id": 7, "title": "Tea", "price": 2.5}]
    assert dataset.interactions["timestamp"].tolist() == [1714521600]


def test_messages_are_those_printed(tmp_path: Path) -> None:
    restaurants(tmp_path)
    music(tmp_path)
    path = tmp_path / "dataset.yaml"
    path.write_text("interactions: {path: rating_final.csv, read: {delimiter: ','}}")
    (wrong_delimiter,) = validate(path).problems
    path.write_text(DESCRIBED["music"].replace('{column: day, format: "%d/%m/%Y"}', "day"))
    (wrong_date,) = validate(path).problems
    said = ["fine"] * 18 + ['"wow'] + ["fine"] * 31
    rows = "".join(f"u{n}\ti{n}\t{text}\n" for n, text in enumerate(said))
    (tmp_path / "comments.tsv").write_text("user_id\titem_id\tcomment\n" + rows)
    path.write_text("interactions: {path: comments.tsv}")
    (open_quote,) = validate(path).problems
    assert f"```text\n{wrong_delimiter}\n{wrong_date}\n{open_quote}\n```" in PAGE
