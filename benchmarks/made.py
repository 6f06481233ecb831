"""Generate a data set that differs from MovieLens, as Parquet tables and a dataset.yaml.

    python benchmarks/made.py FOLDER [--users 60000] [--seed 0]

There are 20,000 items with one to four tags and a text id, no table of users, and five to ten
interactions for each user. The tags form a circle. A user starts somewhere on it, moves forward
with each item, and now and then returns to one of three favourite tags. Each item is drawn from the
items of the current tag by popularity, which is long-tailed.

So a user's latest items show where the user is, their order shows where the user goes, and overall
popularity says little. A model that reads sequences has something to learn: the ten most popular
items include the user's last item for 3% of users, ten guesses from all tags in the user's history
for 14%, and ten guesses from the latest tags and the ones ahead of them for 23%.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import Parser
from numpy.typing import NDArray

ITEMS = 20_000
USERS = 60_000
TAGS = 200
SHORTEST, LONGEST = 5, 10
DRIFT = 1.5
"""Tags that a user moves forward with each item, on average."""
RETURNS = 0.25
"""Share of items that have a favourite tag instead."""
_DRAWS = 2 * LONGEST
"""Items drawn for each user. The first distinct ones are used."""
_FIRST_DAY, _DAY = 1_672_531_200, 86_400  # 2023-01-01

DESCRIPTION = """\
name: made-{users}
interactions: {{path: interactions.parquet, user_id: user, item_id: item, timestamp: time}}
items: {{path: items.parquet, item_id: item, columns: {{tags: multi_categorical}}}}
"""


def load(name: str) -> Any:
    """Load a data set: a name of `Dataset.load`, ``made``, or ``made:2`` with twice as many users.

    The tables of a generated data set are written to a temporary folder and read from there.
    """
    from towhee_recsys import Dataset

    if name != "made" and not name.startswith("made:"):
        return Dataset.load(name)
    with tempfile.TemporaryDirectory() as folder:
        times = float(name.partition(":")[2] or 1)
        return Dataset.load(write(Path(folder), users=int(USERS * times)))


def write(folder: Path, users: int = USERS, seed: int = 0) -> Path:
    """Generate the tables of `seed`, and write them to `folder`. Returns the path of
    dataset.yaml."""
    rng = np.random.Generator(np.random.PCG64(seed))
    folder.mkdir(parents=True, exist_ok=True)
    tags, items = _items(rng)
    items.to_parquet(folder / "items.parquet")
    _interactions(rng, tags, items["item"].to_numpy(), users).to_parquet(
        folder / "interactions.parquet"
    )
    (folder / "dataset.yaml").write_text(DESCRIPTION.format(users=users))
    return folder / "dataset.yaml"


def _items(rng: np.random.Generator) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """The main tag of each item, ``(ITEMS,)`` ascending, and the items' table. An item has up to
    three more tags near its main tag."""
    main = np.sort(rng.integers(0, TAGS, ITEMS))
    others = (main[:, None] + rng.integers(1, 6, (ITEMS, 3))) % TAGS
    many = rng.integers(0, 4, ITEMS)
    names = np.array([f"tag-{tag:03d}" for tag in range(TAGS)], dtype=object)
    labels = [
        list(dict.fromkeys([first, *rest[:n]]))
        for first, rest, n in zip(names[main], names[others], many, strict=True)
    ]
    # Ids say nothing about the item.
    ids = [f"item-{number:05d}" for number in rng.permutation(ITEMS)]
    return main, pd.DataFrame({"item": ids, "tags": labels})


def _interactions(
    rng: np.random.Generator, main: NDArray[np.int64], ids: NDArray[Any], users: int
) -> pd.DataFrame:
    item = _draw(rng, main, _walks(rng, users))
    table = pd.DataFrame(
        {"user": np.repeat(np.arange(users), _DRAWS), "item": ids[item.ravel()]}
    ).drop_duplicates()
    length = rng.integers(SHORTEST, LONGEST + 1, users)
    position = table.groupby("user").cumcount().to_numpy()
    kept = position < length[table["user"]]
    table, position = table[kept], position[kept]
    begin = _FIRST_DAY + rng.integers(0, 500 * _DAY, users)
    table["time"] = begin[table["user"]] + position * _DAY
    table["user"] = "user-" + table["user"].astype(str)
    plays: pd.DataFrame = table.sort_values("time", kind="stable", ignore_index=True)
    return plays


def _walks(rng: np.random.Generator, users: int) -> NDArray[np.int64]:
    """The tags that each user visits, in order: ``(users, _DRAWS)``."""
    start = rng.uniform(0, TAGS, (users, 1))
    way = start + np.cumsum(rng.exponential(DRIFT, (users, _DRAWS)), axis=1)
    favourites = rng.integers(0, TAGS, (users, 3))
    chosen = np.take_along_axis(favourites, rng.integers(0, 3, (users, _DRAWS)), axis=1)
    returns = rng.random((users, _DRAWS)) < RETURNS
    return np.where(returns, chosen, way.astype(np.int64) % TAGS)


def _draw(
    rng: np.random.Generator, main: NDArray[np.int64], tags: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Draw an item of each tag. Popularity falls with the rank as 1 / (rank + 5)."""
    popularity = 1.0 / (5.0 + rng.permutation(ITEMS))
    bounds = np.concatenate(([0.0], np.cumsum(popularity)))
    first = np.searchsorted(main, np.arange(TAGS + 1))
    low, high = bounds[first[tags]], bounds[first[tags + 1]]
    return np.searchsorted(bounds, rng.uniform(low, high), side="right") - 1


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("folder", type=Path, help="where to write the tables")
    parser.add_argument(
        "--users",
        type=int,
        default=USERS,
        help="each has five to ten interactions",
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same tables")
    args = parser.parse_args()
    print(write(args.folder, args.users, args.seed))


if __name__ == "__main__":
    main()
