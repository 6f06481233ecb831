"""How long recommendations for all users take, and where the time goes.

    python benchmarks/to_file.py --data ml-1m [--bundle DIR] [--server http://127.0.0.1:19530]

`recommend_to_file` against the bare calls for the same batches: the forward on ready arrays
(Paddle's, and the library's own) and Milvus' search for ten items. These read no records, leave out
nothing seen and write no file. The shares are each step's part of the time that all steps take.
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
    """Within, every step of a pipeline adds the seconds that it takes to its name."""

    def __enter__(self) -> dict[str, float]:
        from towhee_recsys.pipelines import direct

        self._init = direct.DirectPipeline.__init__
        spent: dict[str, float] = defaultdict(float)
        lock = threading.Lock()

        def timed(step: Any) -> Any:
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

        def init(pipeline: Any, *args: Any) -> None:
            self._init(pipeline, *args)
            steps = [timed(step) for step in pipeline._graph.steps]
            pipeline._graph = pipeline._graph._replace(steps=steps)

        direct.DirectPipeline.__init__ = init  # type: ignore[method-assign]
        return spent

    def __exit__(self, *_: Any) -> None:
        from towhee_recsys.pipelines import direct

        direct.DirectPipeline.__init__ = self._init  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
