"""Compare predicted probabilities with what is observed.

    python benchmarks/calibration.py --data ml-1m --bundle recsys-home/bundle

Every user's last item is held out; training did not see it. For each of the ten items recommended
without it: the predicted probability, and whether it was that item. Computed from the encoders'
vectors and the bundle's curve in NumPy. Without a bundle one is trained first.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import made
import numpy as np
from common import Parser, report, trained

LIST = 10
TOGETHER = 256
EDGES = (0, 0.01, 0.02, 0.05, 0.1, 1)


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--data", default="sample", help="as for quality.py")
    parser.add_argument("--bundle", type=Path, help="a model trained on this data")
    args = parser.parse_args()

    from towhee_recsys import Bundle

    dataset = made.load(args.data)
    bundle = Bundle.load(args.bundle) if args.bundle else trained(dataset, "fast")
    if bundle.calibration is None:
        parser.error("this model has no calibration: train it on part of the data (a holdout)")
    likely, true = told(bundle, dataset)
    rows = [["all", len(likely), likely.mean(), true.mean()]]
    for low, high in pairwise(EDGES):
        those = (likely >= low) & ((likely < high) | (high == 1))
        if those.any():
            name = f"{low:.0%} to {high:.0%}"
            rows.append([name, int(those.sum()), likely[those].mean(), true[those].mean()])
    report(
        "calibration",
        ["predicted between", "recommendations", "predicted", "observed"],
        [[name, count, float(mean), float(found)] for name, count, mean, found in rows],
        data=dataset.name,
    )


def told(bundle: Any, dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    """Of every recommendation, its probability, and whether it was the item that came next."""
    from towhee_recsys import ItemEncoder, UserEncoder

    past, users = dataset.histories, dataset.user_records()
    ids = dataset.items["item_id"].to_numpy()
    encoder, items = UserEncoder(bundle), ItemEncoder(bundle).encode(dataset.items)
    likely, true = [], []
    for begin in range(0, len(users), TOGETHER):
        rows = range(begin, min(begin + TOGETHER, len(users)))
        before = [past.of(row)[:-1] for row in rows]
        met = [ids[known].tolist() for known in before]
        asked = [{"user": users[r], "history": h} for r, h in zip(rows, met, strict=True)]
        vectors = encoder.encode(asked)
        scores = vectors @ items.T
        for row, known in enumerate(before):
            scores[row, known] = -np.inf
        best = np.argsort(-scores, axis=1)[:, :LIST]
        shares = np.take_along_axis(scores, best, 1) - encoder.log_totals(vectors, met)[:, None]
        likely.append(bundle.calibration.probability(shares).ravel())
        true.append((best == np.array([[past.of(row)[-1]] for row in rows])).ravel())
    return np.concatenate(likely), np.concatenate(true)


if __name__ == "__main__":
    main()
