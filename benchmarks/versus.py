"""Compare this checkout with another one: the same requests, in processes that take turns.

    python benchmarks/versus.py --other ../older --data ml-1m --bundle DIR
        [--server http://127.0.0.1:19530] [--turns 6]

Each turn starts a process for each checkout, which answers one user at a time, then batches of 64,
from the same bundle, index and records. The machine may be faster in one turn than in the next, but
hardly for one of two neighbours: so the ratio is taken within each turn, and its median is shown.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import report
from world import World, indexes, options

HERE = Path(__file__).parent.parent

WORKER = """
import json, sys, time
import numpy as np
from towhee_recsys.pipelines import RecommendConfig, recommend

settings, users, rounds = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
p = recommend(RecommendConfig(**settings))

def p50(requests):
    for one in requests[:20]:
        p(one).get()
    times = []
    for one in requests:
        begin = time.perf_counter()
        p(one).get()
        times.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(times))

one = p50([users[i % len(users)] for i in range(rounds)])
batches = [[users[(64 * i + j) % len(users)] for j in range(64)] for i in range(rounds // 15)]
print(json.dumps([one, p50(batches)]))
"""


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--other", type=Path, required=True, help="The other checkout.")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=300)
    args = parser.parse_args()
    checkouts = {"other": args.other.absolute(), "this": HERE}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), args.data, args.bundle)
        uris = indexes(folder, args.server)
        for uri in uris.values():
            world.ingest(uri)
        settings = {uri: world.settings(uri) for uri in uris.values()}
        users = world.users
        for name, uri in uris.items():
            times: dict[str, list[list[float]]] = {which: [] for which in checkouts}
            for turn in range(args.turns):
                for which in list(checkouts)[:: 1 if turn % 2 else -1]:
                    given = (settings[uri], users[:: max(1, len(users) // 200)], args.rounds)
                    times[which].append(answered(checkouts[which], *given))
            old, new = (np.array(times[which]) for which in checkouts)
            for i, what in enumerate(("one user", "64 users")):
                ratio = new[:, i] / old[:, i]
                rows.append(
                    [name, what, float(np.median(old[:, i])), float(np.median(new[:, i])),
                     float(np.median(ratio)), float(ratio.min()), float(ratio.max())]
                )  # fmt: skip
    report(
        "versus",
        ["index", "a call", "other, p50 ms", "this, p50 ms", "this / other", "least", "most"],
        rows,
        data=world.dataset.name,
        turns=args.turns,
        other=commit(checkouts["other"]),
        this=commit(HERE),
    )


def answered(
    checkout: Path, settings: dict[str, Any], users: list[Any], rounds: int
) -> list[float]:
    given = [json.dumps(settings), json.dumps(users), str(rounds)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORKER, *given],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def commit(checkout: Path) -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=checkout, capture_output=True, text=True
    )
    return found.stdout.strip()


if __name__ == "__main__":
    main()
