"""What Towhee adds to a call of `recommend`: the pipeline against the same operators by hand.

    python benchmarks/overhead.py --data ml-1m [--bundle BUNDLE]

Both do the same work on the same users, in turns in one process; the overhead is the median of the
differences, call by call. The last row has every optional step too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from common import Parser, in_turns, report

ALL = {
    "rules": [{"filter": {"not": {"year": {"lt": 0}}}}],
    "min_score": -1e9,
    "diversity": 0.3,
    "explain": 1,
}
"""Every optional step, with settings that change little, so that both answer much the same."""


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--data", default="sample", help="as for towhee-recsys train")
    parser.add_argument("--bundle", help="by default one that is barely trained")
    parser.add_argument("--rounds", type=int, default=500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset, settings = prepared(Path(folder), args.data, args.bundle)
        users = dataset.users["user_id"].tolist()
        rows = [
            [name, *measure(settings, options, users, rounds)]
            for name, options, rounds in (
                ("recommend", {}, args.rounds),
                ("recommend, all steps", ALL, max(20, args.rounds // 10)),
            )
        ]
    report(
        "overhead",
        ["what", "nodes", "pipeline, p50 ms", "by hand, p50 ms", "overhead, ms a call"],
        rows,
        data=dataset.name,
    )


def prepared(folder: Path, data: str, bundle: str | None) -> tuple[Any, dict[str, str]]:
    """A data set, and the settings of pipelines over stores that hold it."""
    from towhee_recsys import Dataset, train
    from towhee_recsys.pipelines import IngestConfig, call, ingest
    from towhee_recsys.training import TrainingConfig

    dataset = Dataset.load(data)
    if bundle is None:
        bundle = str(folder / "bundle")
        train(dataset, TrainingConfig(epochs=0.05, validation_users=10)).save(bundle)
    settings = {
        "bundle": bundle,
        "milvus_uri": f"{folder}/milvus.db",
        "store_url": f"embedded://{folder}/store",
    }
    call(ingest(IngestConfig(**settings)), dataset)
    return dataset, settings


def measure(
    settings: Mapping[str, str], options: Mapping[str, Any], users: list[Any], rounds: int
) -> list[Any]:
    from towhee_recsys.pipelines import RecommendConfig, recommend

    config = RecommendConfig(**settings, **options)
    steps, by_hand = direct(config)
    pipeline = recommend(config)
    times = in_turns(
        {
            "pipeline": lambda i: pipeline(users[i % len(users)]).get()[0],
            "by hand": lambda i: by_hand(users[i % len(users)]),
        },
        rounds,
    )
    added = float(np.median(times["pipeline"] - times["by hand"]))
    return [steps, *(float(np.median(values)) for values in times.values()), added]


def direct(config: Any) -> tuple[int, Callable[[Any], Any]]:
    """How many operators `recommend` has for that config, and the call of one after the other."""
    from towhee_recsys import operators
    from towhee_recsys.bundle import read_manifest

    fingerprint = read_manifest(config.bundle).fingerprint
    model = {"bundle": config.bundle, "fingerprint": fingerprint}
    index = {"uri": config.milvus_uri, "fingerprint": fingerprint}
    read = operators.ReadRequest(
        config.bundle, config.top_k, overfetch=5 if config.diversity else 1
    )
    look_up = operators.UserLookup(config.store_url, config.connections)
    encode, search = operators.UserEncoder(**model), operators.MilvusSearch(**index, degrade=True)
    route = operators.Route(**model, uri=config.milvus_uri)
    answer = operators.Answer(config.store_url, config.connections)
    if not config.rules:

        def recommend(raw: Any) -> Any:
            users = look_up(read(raw))
            return answer(raw, route(users, search(encode(users), users)))

        return 6, recommend

    rules = operators.RuleFilter(config.bundle, config.rules)
    threshold = operators.ScoreThreshold(config.min_score)
    rerank = operators.RerankMMR(**index, diversity=config.diversity)
    explain = operators.Explain(**model, uri=config.milvus_uri, reasons=config.explain)

    def recommend_all(raw: Any) -> Any:
        users = rules(look_up(read(raw)))
        hits = threshold(route(users, search(encode(users), users)))
        return answer(raw, explain(rerank(hits, users), users))

    return 10, recommend_all


if __name__ == "__main__":
    main()
