"""Compare predicted probabilities with what is observed.

    python benchmarks/calibration.py --data ml-1m --bundle recsys-home/bundle

Each user's last item is held out and was not in the training data. For each of ten recommended
items the benchmark takes the predicted probability, and whether it is the held-out item. It
computes them in NumPy from the encoders' vectors and the bundle's calibration. Without `--bundle`
it trains a model first.
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
    parser.add_argument("--bundle", type=Path, help="folder of a model trained on this data")
    args = parser.parse_args()

    from towhee_recsys import Bundle

    dataset = made.load(args.data)
    bundle = Bundle.load(args.bundle) if args.bundle else trained(dataset, "fast")
    if bundle.calibration is None:
        parser.error("this model has no calibration; train it with held-out interactions")
    predicted, observed = predictions(bundle, dataset)
    rows = [["all", len(predicted), predicted.mean(), observed.mean()]]
    for low, high in pairwise(EDGES):
        within = (predicted >= low) & ((predicted < high) | (high == 1))
        if within.any():
            name = f"{low:.0%} to {high:.0%}"
            rows.append(
                [name, int(within.sum()), predicted[within].mean(), observed[within].mean()]
            )
    report(
        "calibration",
        ["predicted between", "recommendations", "predicted", "observed"],
        [[name, count, float(mean), float(share)] for name, count, mean, share in rows],
        data=dataset.name,
    )


def predictions(bundle: Any, dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    """For each recommendation, the predicted probability, and whether it is the held-out item."""
    from towhee_recsys import ItemEncoder, UserEncoder

    past, users = dataset.histories, dataset.user_records()
    ids = dataset.items["item_id"].to_numpy()
    encoder, items = UserEncoder(bundle), ItemEncoder(bundle).encode(dataset.items)
    predicted, observed = [], []
    for begin in range(0, len(users), TOGETHER):
        rows = range(begin, min(begin + TOGETHER, len(users)))
        before = [past.of(row)[:-1] for row in rows]
        seen = [ids[known].tolist() for known in before]
        requests = [{"user": users[r], "history": h} for r, h in zip(rows, seen, strict=True)]
        vectors = encoder.encode(requests)
        scores = vectors @ items.T
        for row, known in enumerate(before):
            scores[row, known] = -np.inf
        best = np.argsort(-scores, axis=1)[:, :LIST]
        shares = np.take_along_axis(scores, best, 1) - encoder.log_totals(vectors, seen)[:, None]
        predicted.append(bundle.calibration.probability(shares).ravel())
        observed.append((best == np.array([[past.of(row)[-1]] for row in rows])).ravel())
    return np.concatenate(predicted), np.concatenate(observed)


if __name__ == "__main__":
    main()
