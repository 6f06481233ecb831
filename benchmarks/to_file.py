"""Measure recommendations for all users into a file, and the share of each step.

    python benchmarks/to_file.py --data ml-1m [--bundle DIR] [--server http://127.0.0.1:19530]

`recommend_to_file` is compared with bare calls for the same batches: a forward pass on ready arrays
(Paddle's, and the library's own) and a Milvus search for ten items. These read no records, exclude
nothing and write no file. The shares are each step's part of the time of all steps.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from common import report
from world import World, indexes, options

BATCH = 256


def main() -> None:
    args = options(__doc__).parse_args()
    rows, parts = [], []
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), args.data, args.bundle)
        uris = indexes(folder, args.server)
        for name, uri in uris.items():
            world.ingest(uri)
            row, shares = measure(world, uri, Path(folder))
            rows.append([name, len(world.users), *row])
            parts.append([name, *shares.values()])
    about = {"data": world.dataset.name, "items": len(world.item_ids)}
    report(
        "to_file",
        ["index", "users", "users/s", "Paddle forward, s", "own forward, s", "search, s",
         "/ bare users/s", "/ bare, own forward"],
        rows,
        **about,
    )  # fmt: skip
    report("to_file_steps", ["index", *shares], parts, **about)


def measure(world: World, uri: str, folder: Path) -> tuple[list[float], dict[str, float]]:
    from towhee_recsys.pipelines import RecommendConfig, recommend_to_file

    groups = [world.users[i : i + BATCH] for i in range(0, len(world.users), BATCH)]
    seconds = {}
    for name, compute in {
        "Paddle": world.paddle_forward(groups),
        "own": world.own_forward(groups),
        "search": world.bare_search(uri, groups),
    }.items():
        compute(0)
        begin = time.perf_counter()
        for i in range(len(groups)):
            compute(i)
        seconds[name] = time.perf_counter() - begin
    config = RecommendConfig(**world.settings(uri))
    with timed_steps() as steps:
        begin = time.perf_counter()
        recommend_to_file(config, world.users, folder / "all.jsonl", batch_size=BATCH)
        taken = time.perf_counter() - begin
    all_steps = sum(steps.values())
    shares = {name: spent / all_steps for name, spent in steps.items()}
    speed = len(world.users) / taken
    row = [
        speed,
        seconds["Paddle"],
        seconds["own"],
        seconds["search"],
        (seconds["Paddle"] + seconds["search"]) / taken,
        (seconds["own"] + seconds["search"]) / taken,
    ]
    return row, shares


class timed_steps:  # noqa: N801
    """Within the block, each step of a new pipeline adds its seconds to a dict, by its name."""

    def __enter__(self) -> dict[str, float]:
        from towhee_recsys.pipelines import direct

        self._step = direct._step
        spent: dict[str, float] = defaultdict(float)
        lock = threading.Lock()

        def timed(node: Any, pool: Any) -> Any:
            step = self._step(node, pool)

            def operator(*args: Any) -> Any:
                begin = time.perf_counter()
                try:
                    return step.operator(*args)
                finally:
                    with lock:
                        spent[step.name.split("/")[-1].rsplit("-", 1)[0]] += (
                            time.perf_counter() - begin
                        )

            return step._replace(operator=operator)

        direct._step = timed
        return spent

    def __exit__(self, *_: Any) -> None:
        from towhee_recsys.pipelines import direct

        direct._step = self._step


if __name__ == "__main__":
    main()
