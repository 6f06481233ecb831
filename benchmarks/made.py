"""A seed becomes a data set of another shape than MovieLens, as Parquet tables and a dataset.yaml.

    python benchmarks/made.py FOLDER [--users 60000] [--seed 0]

20,000 items with one to four tags and a text id, no table of users, five to ten interactions each.
Tags lie on a circle. A user stands somewhere on it and drifts forward, further with every item,
returning now and then to one of three favourite tags. The next item is drawn from those of the tag
by popularity, which is long-tailed. So the latest items say where a user is, their order says where
the user goes, and what everybody likes says little: there is something to be found by a model that
reads sequences. Of users' last items, the ten most popular hold 3%; ten guesses from all tags that
a user has met hold 14%, those from the latest tags and what lies ahead of them 23%.
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
"""Tags that a user moves on by an item, on average."""
RETURNS = 0.25
"""Share of items that are of a favourite tag instead."""
_DRAWS = 2 * LONGEST
"""Items drawn for each user, of which the first different ones count."""
_FIRST_DAY, _DAY = 1_672_531_200, 86_400  # 2023-01-01

DESCRIPTION = """\
name: made-{users}
interactions: {{path: interactions.parquet, user_id: user, item_id: item, timestamp: time}}
items: {{path: items.parquet, item_id: item, columns: {{tags: multi_categorical}}}}
"""


def load(name: str) -> Any:
    """What `Dataset.load` takes, or ``made``, or ``made:2`` with twice as many users → a data set.

    The tables of a made data set are written to a temporary folder and read from there.
    """
    from towhee_recsys import Dataset

    if name != "made" and not name.startswith("made:"):
        return Dataset.load(name)
    with tempfile.TemporaryDirectory() as folder:
        times = float(name.partition(":")[2] or 1)
        return Dataset.load(write(Path(folder), users=int(USERS * times)))


def write(folder: Path, users: int = USERS, seed: int = 0) -> Path:
    """Write the tables of `seed` into `folder`; the path of their dataset.yaml."""
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
    """The ``(ITEMS,)`` main tag of each item, ascending, and the items' table: up to three tags
    more, near the main one."""
    main = np.sort(rng.integers(0, TAGS, ITEMS))
    others = (main[:, None] + rng.integers(1, 6, (ITEMS, 3))) % TAGS
    many = rng.integers(0, 4, ITEMS)
    names = np.array([f"tag-{tag:03d}" for tag in range(TAGS)], dtype=object)
    labels = [
        list(dict.fromkeys([first, *rest[:n]]))
        for first, rest, n in zip(names[main], names[others], many, strict=True)
    ]
    # Ids say nothing of what they stand for.
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
    return table.sort_values("time", kind="stable", ignore_index=True)


def _walks(rng: np.random.Generator, users: int) -> NDArray[np.int64]:
    """``(users, _DRAWS)`` tags, one after the other."""
    start = rng.uniform(0, TAGS, (users, 1))
    way = start + np.cumsum(rng.exponential(DRIFT, (users, _DRAWS)), axis=1)
    favourites = rng.integers(0, TAGS, (users, 3))
    chosen = np.take_along_axis(favourites, rng.integers(0, 3, (users, _DRAWS)), axis=1)
    returns = rng.random((users, _DRAWS)) < RETURNS
    return np.where(returns, chosen, way.astype(np.int64) % TAGS)


def _draw(
    rng: np.random.Generator, main: NDArray[np.int64], tags: NDArray[np.int64]
) -> NDArray[np.int64]:
    """An item of each tag, by a popularity that falls with the rank as 1 / (rank + 5)."""
    popularity = 1.0 / (5.0 + rng.permutation(ITEMS))
    bounds = np.concatenate(([0.0], np.cumsum(popularity)))
    first = np.searchsorted(main, np.arange(TAGS + 1))
    low, high = bounds[first[tags]], bounds[first[tags + 1]]
    return np.searchsorted(bounds, rng.uniform(low, high), side="right") - 1


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("folder", type=Path, help="where the tables go; made if it is not there")
    parser.add_argument("--users", type=int, default=USERS, help="seven or eight interactions each")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same tables")
    args = parser.parse_args()
    print(write(args.folder, args.users, args.seed))


if __name__ == "__main__":
    main()
