"""Compare `recommend` with a lower bound, with long histories, and with alternatives.

    python benchmarks/serving.py --data ml-1m [--bundle DIR] [--server http://127.0.0.1:19530]

The lower bound (floor) is the sum of a bare Paddle forward pass on ready arrays, a bare Milvus
search for ten items that excludes nothing, and bare Redis reads of users, histories and items. A
stricter one (own floor) has the library's forward pass in place of Paddle's. All take turns in one
process, on the same users, with the histories of the data. Then the pipeline runs alone, because
Paddle's threads keep spinning after a call and slow down the next one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import in_turns, report
from world import TOP_K, World, indexes, options

SEEN = (0, 20, 200, 1_000, 3_000)
LENGTHS = (10, 100, 1_000)

ALS_LACKS = (
    "new users and items without a new fit, ratings that count at once, filters, an index and "
    "records that processes share"
)
NUMPY_LACKS = (
    "new users, ratings since the vectors were made, filters, an index and records that processes "
    "share"
)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    args = parser.parse_args()
    floors, seen, steps = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), args.data, args.bundle)
        uris = indexes(folder, args.server)
        for name, uri in uris.items():
            world.ingest(uri)
            for batch in (1, 64):
                rounds = args.rounds if batch == 1 else max(30, args.rounds // 10)
                floors.append([name, batch, *against_floor(world, uri, batch, rounds)])
            seen += [[name, *row] for row in by_history(world, uri, max(30, args.rounds // 5))]
            steps += [[name, *row] for row in by_step(world, uri, max(30, args.rounds // 5))]
        instead = alternatives(world, uris, max(30, args.rounds // 5))
    about = {"data": world.dataset.name, "items": len(world.item_ids)}
    report(
        "serving",
        ["index", "users a call", "p50 ms", "users/s", "floor p50 ms", "Paddle", "search", "reads",
         "p50 / floor", "own forward", "p50 / own floor", "alone, p50 ms", "alone, p99 ms",
         "alone, p99 / p50"],
        floors,
        **about,
    )  # fmt: skip
    columns = ["index", "seen", *(f"top_k {k}, p50 ms" for k in LENGTHS), "/ 20 seen, top_k 10"]
    report("serving_seen", columns, seen, **about)
    report("serving_steps", ["index", "request", "p50 ms", "/ plain"], steps, **about)
    report(
        "serving_instead",
        ["", "one user, p50 ms", "users/s in batches of 64", "lacks"],
        instead,
        **about,
    )


def against_floor(world: World, uri: str, batch: int, rounds: int) -> list[Any]:
    pipeline, groups = world.pipeline(uri), world.groups(batch, rounds)

    def recommend(i: int) -> Any:
        return pipeline(groups[i] if batch > 1 else groups[i][0]).get()

    times = in_turns(
        {
            "pipeline": recommend,
            "Paddle": world.paddle_forward(groups),
            "own": world.own_forward(groups),
            "search": world.bare_search(uri, groups),
            "reads": world.bare_reads(groups),
        },
        rounds,
    )
    p50 = {name: float(np.median(values)) for name, values in times.items()}
    bare = p50["search"] + p50["reads"]
    alone = in_turns({"pipeline": recommend}, rounds)["pipeline"]
    usual, slow = float(np.median(alone)), float(np.percentile(alone, 99))
    return [
        p50["pipeline"],
        batch / p50["pipeline"] * 1e3,
        p50["Paddle"] + bare,
        p50["Paddle"],
        p50["search"],
        p50["reads"],
        p50["pipeline"] / (p50["Paddle"] + bare),
        p50["own"],
        p50["pipeline"] / (p50["own"] + bare),
        usual,
        slow,
        slow / usual,
    ]


def by_history(world: World, uri: str, rounds: int) -> list[list[Any]]:
    """Milliseconds for the 30 users with the longest histories, with a given number of seen items.

    A history is cut to the user's latest items, or filled up with random items.
    """
    pipeline, rng = world.pipeline(uri), np.random.default_rng(0)
    pasts = dict(zip(world.users, world.store.get_histories(world.users), strict=True))
    longest = sorted(pasts, key=lambda user: -len(pasts[user]))[:30]

    def history(user: Any, count: int) -> list[Any]:
        own = pasts[user][-count:] if count else []
        unseen = [one for one in world.item_ids if one not in set(own)]
        others: list[Any] = rng.permutation(unseen).tolist()
        return others[: count - len(own)] + own

    counts = [count for count in SEEN if count < len(world.item_ids)]
    users: dict[tuple[int, int], Any] = {}
    for count in counts:
        for i, user in enumerate(longest):
            new = users[count, i] = max(world.users) + 1 + len(users)
            world.store.put_users([{**world.records[user], "user_id": new}])
            past = history(user, count)
            world.store.add_interactions(
                {"user_id": new, "item_id": one, "timestamp": t} for t, one in enumerate(past)
            )

    def request(count: int, top_k: int) -> Callable[[int], Any]:
        return lambda i: pipeline({"user_id": users[count, i % len(longest)], "top_k": top_k}).get()

    p50 = {}
    for top_k in LENGTHS:
        times = in_turns({str(count): request(count, top_k) for count in counts}, rounds)
        p50.update({(int(n), top_k): float(np.median(values)) for n, values in times.items()})
    return [
        [n, *(p50[n, top_k] for top_k in LENGTHS), p50[n, TOP_K] / p50[20, TOP_K]] for n in counts
    ]


def by_step(world: World, uri: str, rounds: int) -> list[list[Any]]:
    """Milliseconds of requests with optional steps."""
    pipeline, groups = world.pipeline(uri), world.groups(1, rounds)
    requests: dict[str, dict[str, Any]] = {
        "plain": {},
        "min_score": {"min_score": -1e6},
        "diversity 0.3": {"diversity": 0.3},
        "explain 3": {"explain": 3},
    }
    if world.bundle.calibration is not None:
        requests["calibrate"] = {"calibrate": True}
    times = in_turns(
        {
            name: lambda i, more=more: pipeline({"user_id": groups[i][0], **more}).get()  # type: ignore[misc]
            for name, more in requests.items()
        },
        rounds,
    )
    p50 = {name: float(np.median(values)) for name, values in times.items()}
    return [[name, p50[name], p50[name] / p50["plain"]] for name in requests]


def alternatives(world: World, uris: dict[str, str], rounds: int) -> list[list[Any]]:
    """Compare the pipeline with simple programs that answer with ten records too."""
    single, batches = world.groups(1, rounds), world.groups(64, rounds)
    answers: dict[str, tuple[Callable[[list[Any]], Any], str]] = {}
    for name, uri in uris.items():
        pipeline = world.pipeline(uri)
        answers[f"recommend, {name}"] = (lambda group, p=pipeline: p(group).get(), "")  # type: ignore[misc]
    answers["implicit, ALS"] = (implicit_als(world), ALS_LACKS)
    answers["NumPy, ready user vectors"] = (brute_force(world), NUMPY_LACKS)
    rows = []
    one = in_turns({n: lambda i, a=a: a(single[i]) for n, (a, _) in answers.items()}, rounds)  # type: ignore[misc]
    many = in_turns({n: lambda i, a=a: a(batches[i]) for n, (a, _) in answers.items()}, 30)  # type: ignore[misc]
    for name, (_, lacks) in answers.items():
        p50 = float(np.median(one[name]))
        rows.append([name, p50, 64e3 / float(np.median(many[name])), lacks])
    return rows


def implicit_als(world: World) -> Callable[[list[Any]], Any]:
    import implicit
    from scipy.sparse import csr_matrix

    rows, seen, records = tables(world)
    counts = csr_matrix(seen.astype(np.float32))
    model = implicit.als.AlternatingLeastSquares(factors=64, iterations=5, random_state=0)
    model.fit(counts, show_progress=False)

    def answer(group: list[Any]) -> list[list[dict[str, Any]]]:
        which = np.array([rows[user] for user in group])
        items, scores = model.recommend(which, counts[which], N=TOP_K)
        return [
            [{**records[item], "score": float(s)} for item, s in zip(*pair, strict=True)]
            for pair in zip(items.tolist(), scores, strict=True)
        ]

    return answer


def brute_force(world: World) -> Callable[[list[Any]], Any]:
    from towhee_recsys import ItemEncoder

    rows, seen, records = tables(world)
    items = ItemEncoder(world.bundle).encode(world.dataset.items)
    vectors = np.concatenate(
        [world.vectors(world.users[i : i + 256]) for i in range(0, len(world.users), 256)]
    )

    def answer(group: list[Any]) -> list[list[dict[str, Any]]]:
        which = [rows[user] for user in group]
        scores = vectors[which] @ items.T
        scores[seen[which]] = -np.inf
        best = np.argpartition(-scores, TOP_K, axis=1)[:, :TOP_K]
        order = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), 1), 1)
        return [
            [{**records[item], "score": float(scores[i, item])} for item in chosen]
            for i, chosen in enumerate(order.tolist())
        ]

    return answer


def tables(world: World) -> tuple[dict[Any, int], np.ndarray, list[dict[str, Any]]]:
    """Each user's row, a ``(users, items)`` array of seen items, and the items' records."""
    rows = {user: row for row, user in enumerate(world.users)}
    columns = {item: column for column, item in enumerate(world.item_ids)}
    seen = np.zeros((len(rows), len(columns)), bool)
    for user, history in zip(world.users, world.store.get_histories(world.users), strict=True):
        seen[rows[user], [columns[one] for one in history]] = True
    return rows, seen, list(world.dataset.item_records())


if __name__ == "__main__":
    main()
