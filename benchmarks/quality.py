"""Measure HR@10 and NDCG@10 of the presets, of baselines and of a peer.

    python benchmarks/quality.py --data ml-1m
    python benchmarks/quality.py --data ml-1m --presets best --baselines "" --peer-seconds 0
    python benchmarks/quality.py --data made --baselines popularity,ease

The protocol: each user's last interaction is the test item, the one before it the validation item.
All items are ranked that the user has not seen. All models learn from the same histories and are
evaluated on the same items. Settings are chosen by validation. Intervals are 95%, over users.

Rows are saved in benchmarks/results. A run replaces its own rows and leaves the others, so long
trainings can be run one by one. `seconds` of a preset run from reading the data to the bundle,
those of a baseline include the choice of its settings, and those of the peer are training alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made
import numpy as np
import peer
from common import Parser, keep, names, recorded, show, trained, trial

FAST = "fast"
CHOOSING_USERS = 2_000
"""Users on whose validation items a baseline's settings are chosen."""


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument(
        "--data", default="sample", help="as for towhee-recsys train; or made, see made.py"
    )
    parser.add_argument(
        "--presets",
        type=names,
        default=names("fast,balanced,best"),
        help="to train; by default fast,balanced,best",
    )
    parser.add_argument(
        "--baselines",
        type=names,
        default=names("popularity,ials,ease,decayed-ease"),
        help="to fit; by default popularity,ials,ease,decayed-ease",
    )
    parser.add_argument(
        "--peer-seconds",
        type=float,
        help="training time of RecTools' SASRec, which is installed in an environment of its own;"
        " 0 leaves it out; by default the time of the preset fast on this data",
    )
    parser.add_argument(
        "--ranked",
        choices=("all", "rated"),
        default="all",
        help="all items, or those with interactions",
    )
    parser.add_argument("--epochs", type=float, help="instead of the presets', to try this script")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bundles", type=Path, help="folder to save the presets' models in")
    args = parser.parse_args()
    protocol = Protocol(args.data, args.ranked)
    for row in results(protocol, args):
        keep("quality", [row], ("data", "ranked", "model"))
    this = (protocol.dataset.name, args.ranked)
    shown = [row for row in recorded("quality") if (row["data"], row["ranked"]) == this]
    show(
        f"{protocol.dataset.name}: {len(protocol.ranked):,} items, {args.ranked}",
        ["model", "validation HR@10", "validation NDCG@10", "test HR@10", "of HR",
         "test NDCG@10", "of NDCG", "seconds", "numbers"],
        sorted(shown, key=lambda row: row["validation NDCG@10"]),
    )  # fmt: skip


def results(protocol: Protocol, args: Any) -> Iterator[dict[str, Any]]:
    """Yield a row for each model, as soon as it is measured."""
    for name in args.baselines:
        yield protocol.baseline(name)
    for name in args.presets:
        yield protocol.preset(name, args)
    seconds = args.peer_seconds
    if seconds is None:
        taken = {(row["data"], row["model"]): row["seconds"] for row in recorded("quality")}
        seconds = taken.get((protocol.dataset.name, FAST))
        if seconds is None:
            raise SystemExit(f"run --presets {FAST} first, or give --peer-seconds")
    if seconds:
        yield protocol.peer(seconds)


class Protocol:
    """A data set and its held-out items, on which all models are evaluated."""

    def __init__(self, data: str, ranked: str) -> None:
        from towhee_recsys.datasets import last_two

        begin = time.monotonic()
        self.dataset = made.load(data)
        self.reading = time.monotonic() - begin
        past = self.dataset.histories
        self.split, self.which = last_two(past), ranked
        self.items = len(self.dataset.items)
        self.ranked = np.unique(past.items) if ranked == "rated" else np.arange(self.items)

    def ranks(self, score: Any, which: Any, users: Any = None) -> Any:
        from towhee_recsys.evaluation.ranking import rank_users

        ids = self.dataset.items["item_id"].to_numpy()
        return rank_users(score, self.split, which, self.ranked, ids, users=users)

    def baseline(self, name: str) -> dict[str, Any]:
        from towhee_recsys.evaluation.baselines import fit_baseline
        from towhee_recsys.evaluation.metrics import ndcg

        users = np.flatnonzero(self.split.validation >= 0)
        some = np.sort(np.random.default_rng(0).permutation(users)[:CHOOSING_USERS])
        begin = time.monotonic()
        baseline = fit_baseline(
            name,
            self.split.train,
            self.items,
            lambda score: ndcg(self.ranks(score, "validation", some)),
        )
        seconds = time.monotonic() - begin
        return self.evaluated(name, baseline.score, seconds, settings=baseline.settings)

    def preset(self, name: str, args: Any) -> dict[str, Any]:
        from towhee_recsys.evaluation.evaluation import model_scores

        begin = time.monotonic()
        bundle = trained(
            self.dataset, name, epochs=args.epochs, seed=args.seed, started=begin - self.reading
        )
        seconds = self.reading + time.monotonic() - begin
        if args.bundles:
            bundle.save(args.bundles / name)
        return self.evaluated(
            trial(name, args.epochs, args.seed),
            model_scores(bundle, self.dataset),
            seconds,
            numbers=bundle.config.embedding_size,
            epochs=round(bundle.metadata.epochs, 2),
        )

    def peer(self, seconds: float) -> dict[str, Any]:
        result = peer.sasrec(self.dataset, self.which, seconds)
        facts = {name: result.facts[name] for name in ("numbers", "epochs", "versions")}
        name = f"{peer.NAME}, {seconds:.0f} s"
        return self.row(name, result.validation, result.test, result.facts["seconds"], **facts)

    def evaluated(self, name: str, score: Any, seconds: float, **more: Any) -> dict[str, Any]:
        validation, test = (self.ranks(score, which) for which in ("validation", "test"))
        return self.row(name, validation, test, seconds, **more)

    def row(
        self, name: str, validation: Any, test: Any, seconds: float, **more: Any
    ) -> dict[str, Any]:
        from towhee_recsys.evaluation.bootstrap import intervals
        from towhee_recsys.evaluation.metrics import gains, hits, summary

        hr, gain = intervals(np.stack([hits(test), gains(test)], axis=1))
        before, after = summary(validation), summary(test)
        return {
            "data": self.dataset.name,
            "ranked": self.which,
            "model": name,
            "validation HR@10": round(before["hr@10"], 4),
            "validation NDCG@10": round(before["ndcg@10"], 4),
            "test HR@10": round(after["hr@10"], 4),
            "of HR": [round(end, 4) for end in hr],
            "test NDCG@10": round(after["ndcg@10"], 4),
            "of NDCG": [round(end, 4) for end in gain],
            "seconds": round(seconds, 1),
            "users": len(test),
            "items": len(self.ranked),
            **more,
        }


if __name__ == "__main__":
    main()
