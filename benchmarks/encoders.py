"""Measure how fast vectors are computed, and how quality depends on the length of histories.

    python benchmarks/encoders.py --data ml-1m --bundle recsys-home/bundle

It measures one user's vector on one core, many users' and items' vectors on all cores, and the user
tower with only the latest 25, 50, 100 and 200 items of each history: HR@10 and NDCG@10 on the test
items, and the milliseconds for a history of that length.

Without `--bundle` it trains a model first. Speed does not depend on the quality of the model.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import made
import numpy as np
from common import Parser, in_turns, own_process, report, trained

LENGTHS = (25, 50, 100, 200)
USERS, ITEMS, TOGETHER = 1_024, 20_000, 256


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--data", default="sample", help="as for quality.py")
    parser.add_argument("--bundle", type=Path, help="folder of a model trained on this data")
    parser.add_argument("--preset", default="fast", help="to train if there is no bundle")
    parser.add_argument("--epochs", type=float, help="instead of the preset's")
    parser.add_argument("--rounds", type=int, default=300, help="for the vector of one user")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = args.bundle
        if bundle is None:
            bundle = Path(folder, "bundle")
            trained(made.load(args.data), args.preset, epochs=args.epochs).save(bundle)
        with own_process(cores=1) as process:
            one = process.submit(one_user, bundle, args.data, args.rounds).result()
        with own_process() as process:
            users, items = process.submit(many, bundle, args.data).result()
            quality = process.submit(by_length, bundle, args.data).result()
    report(
        "encoders",
        ["items read of a history", "test HR@10", "test NDCG@10", "one user, p50 ms", "p99 ms"],
        [[n, *map(float, quality[n]), *map(float, one[n])] for n in LENGTHS],
        data=Path(args.data).name,
        users_a_second=round(users),
        items_a_second=round(items),
        cores=os.cpu_count(),
    )
    print(f"{users:,.0f} users/s with 200 items each, {TOGETHER} together; {items:,.0f} items/s")


def one_user(bundle: Path, data: str, rounds: int) -> dict[int, Sequence[float]]:
    """p50 and p99 milliseconds of one user's vector, by length of the history."""
    from towhee_recsys import UserEncoder

    encoder = UserEncoder(bundle)
    requests = made_requests(data, rounds)
    calls = {
        str(n): lambda i, n=n: encoder.encode(
            {**requests[i], "history": requests[i]["history"][-n:]}
        )
        for n in LENGTHS
    }
    times = in_turns(calls, rounds)
    return {n: np.percentile(times[str(n)], [50, 99]).tolist() for n in LENGTHS}


def many(bundle: Path, data: str) -> tuple[float, float]:
    """Users and items encoded a second, in batches."""
    from towhee_recsys import ItemEncoder, UserEncoder

    encoder, requests = UserEncoder(bundle), made_requests(data, USERS)
    encoder.encode(requests[:TOGETHER])
    begin = time.perf_counter()
    for i in range(0, USERS, TOGETHER):
        encoder.encode(requests[i : i + TOGETHER])
    users = USERS / (time.perf_counter() - begin)
    records = made.load(data).item_records()
    records = (records * (ITEMS // len(records) + 1))[:ITEMS]
    items = ItemEncoder(bundle)
    items.encode(records[:TOGETHER])
    begin = time.perf_counter()
    items.encode(records)
    return users, ITEMS / (time.perf_counter() - begin)


def made_requests(data: str, count: int) -> list[dict[str, Any]]:
    """Users of the data, with histories of 200 random items."""
    dataset = made.load(data)
    ids, users = dataset.items["item_id"].tolist(), dataset.user_records()
    rng = np.random.default_rng(0)
    return [
        {
            "user": users[i % len(users)],
            "history": [ids[j] for j in rng.choice(len(ids), min(200, len(ids)), replace=False)],
        }
        for i in range(count)
    ]


def by_length(bundle: Path, data: str) -> dict[int, tuple[float, float]]:
    """HR@10 and NDCG@10 on the test items if the model reads only the latest n items. All seen
    items are still left out."""
    from towhee_recsys import Bundle
    from towhee_recsys.datasets import last_two
    from towhee_recsys.evaluation.evaluation import model_scores, rank_users
    from towhee_recsys.evaluation.metrics import hit_rate, ndcg

    dataset = made.load(data)
    split = last_two(dataset.histories)
    score = model_scores(Bundle.load(bundle), dataset)
    ids = dataset.items["item_id"].to_numpy()
    metrics = {}

    def reading(n: int) -> Any:
        return lambda rows, pasts: score(rows, [past[-n:] for past in pasts])

    for n in LENGTHS:
        ranks = rank_users(
            reading(n),
            split,
            "test",
            np.arange(len(ids)),
            ids,
        )
        metrics[n] = hit_rate(ranks), ndcg(ranks)
    return metrics


if __name__ == "__main__":
    main()
