"""How good the model is: HR@10 and NDCG@10 on the full ranking, beside popularity.

python benchmarks/quality.py --data ml-1m --time-budget 300
"""

from __future__ import annotations

import argparse
import time

from common import report


def main() -> None:
    started = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="sample", help="as for towhee-recsys train")
    parser.add_argument("--time-budget", type=float, help="seconds, reading and saving included")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    from towhee_recsys import Dataset, evaluate, train
    from towhee_recsys.training import TrainingConfig
    from towhee_recsys.training.progress import Bar

    dataset = Dataset.load(args.data)
    config = TrainingConfig(time_budget=args.time_budget, seed=args.seed)
    with Bar() as bar:
        bundle = train(dataset, config, listener=bar, started=started)
    seconds = time.monotonic() - started
    all_items, rated = evaluate(bundle, dataset), evaluate(bundle, dataset, items="rated")
    report(
        "quality",
        ["ranked", "items", "users", "validation HR@10", "validation NDCG@10", "test HR@10",
         "test NDCG@10", "popularity HR@10", "popularity NDCG@10"],
        [
            [name, e.items, e.users, *(round(m[k], 4) for m in (e.validation, e.test, e.popularity)
                                       for k in ("hr@10", "ndcg@10"))]
            for name, e in (("all items", all_items), ("rated items", rated))
        ],
        data=dataset.name,
        seconds=round(seconds, 1),
        epochs=round(bundle.metadata.epochs, 2),
    )  # fmt: skip


if __name__ == "__main__":
    main()
