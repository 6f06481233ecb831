"""Measure a model on users and items that were not in its training data.

    python benchmarks/cold_start.py --data ml-1m --presets balanced

A tenth of the users and a tenth of the items are held out, and a model is trained on the rest. It
is evaluated on new users, whose next item it predicts after 0, 1, 3 and 10 of their items. It is
also evaluated on new items, which it knows by their features alone: they are ranked among all items
and among the new ones. The baselines are the most popular items, the most popular items among users
with the same labels (segment), and a random order.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import made
from common import Parser, keep, names, show, trained, trial


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--data", default="sample", help="as for quality.py")
    parser.add_argument("--presets", type=names, default=["fast"], help="by default fast")
    parser.add_argument("--epochs", type=float, help="instead of the presets', to try this script")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw and of training")
    args = parser.parse_args()

    from towhee_recsys.evaluation.cold_start import hold_out, measure

    dataset = made.load(args.data)
    training, cold = hold_out(dataset, users=0.1, items=0.1, seed=args.seed)
    for name in args.presets:
        figures = measure(trained(training, name, epochs=args.epochs, seed=args.seed), cold)
        rows = [
            {"data": dataset.name, "model": trial(name, args.epochs, args.seed), **row}
            for row in evaluated(figures)
        ]
        keep("cold_start", rows, ("data", "model", "evaluated"))
        columns = [c for c in dict.fromkeys(chain(*rows)) if c not in ("data", "model")]
        show(f"{dataset.name}: new users and new items, {name}", columns, rows)


def evaluated(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of `measure`, a row for each kind of new user or item."""
    items = measured["items"]
    kinds = [(f"new users after {one['met']} items", one) for one in measured["users"]]
    kinds += [
        (f"new items, among {among}", {"users": items["users"], **items[among]})
        for among in ("all", "cold")
    ]
    rows = []
    for kind, figures in kinds:
        row = {"evaluated": kind, "users": figures["users"]}
        for metric in ("hr@10", "ndcg@10"):
            name = metric.upper()
            columns = {
                "model": name,
                "popularity": f"popular {name}",
                "segment": f"segment {name}",
                "random": f"random {name}",
            }
            row |= {c: round(figures[w][metric], 4) for w, c in columns.items() if w in figures}
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
