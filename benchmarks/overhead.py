"""Measure what Towhee adds to a call of `recommend`, compared with calling its operators by hand.

    python benchmarks/overhead.py --data ml-1m [--bundle BUNDLE]

All variants do the same work for the same users, and take turns in one process. The overhead is the
median of the differences, call by call. The last column is the overhead with a thread for each
node, which is how Towhee runs pipelines by itself. The second row has optional steps.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from common import Parser, in_turns, report

STEPS = {"rules": [{"filter": {"year": {"gte": 1900}}}], "min_score": -1e9, "diversity": 0.3}
"""The optional steps except `explain`, which takes ten times as long as all others."""


def main() -> None:
    parser = Parser(__doc__)
    parser.add_argument("--data", default="sample", help="as for towhee-recsys train")
    parser.add_argument("--bundle", help="by default a model is trained for a moment")
    parser.add_argument("--rounds", type=int, default=500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset, settings = prepared(Path(folder), args.data, args.bundle)
        users = dataset.users["user_id"].tolist()
        rows = [
            [name, *measure(settings, options, users, rounds)]
            for name, options, rounds in (
                ("recommend", {}, args.rounds),
                ("with rules, threshold, diversity", STEPS, args.rounds),
            )
        ]
    report(
        "overhead",
        ["what", "nodes", "by hand, p50 ms", "pipeline, p50 ms", "overhead, ms a call",
         "with Towhee's threads"],
        rows,
        data=dataset.name,
    )  # fmt: skip


def prepared(folder: Path, data: str, bundle: str | None) -> tuple[Any, dict[str, str]]:
    """A data set, and the settings of pipelines. The stores have been filled."""
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
    from towhee.runtime.runtime_pipeline import RuntimePipeline

    from towhee_recsys.pipelines import RecommendConfig, recommend

    config = RecommendConfig(**settings, **options)
    nodes, by_hand = direct(config)
    pipeline: Any = recommend(config)
    threads = RuntimePipeline(pipeline.dag_repr)
    times = in_turns(
        {
            "by hand": lambda i: by_hand(users[i % len(users)]),
            "pipeline": lambda i: pipeline(users[i % len(users)]).get()[0],
            "threads": lambda i: threads(users[i % len(users)]).get()[0],
        },
        rounds,
    )
    added = {name: float(np.median(values - times["by hand"])) for name, values in times.items()}
    p50 = [float(np.median(times[name])) for name in ("by hand", "pipeline")]
    return [nodes, *p50, added["pipeline"], added["threads"]]


def direct(config: Any) -> tuple[int, Callable[[Any], Any]]:
    """The number of operators of `recommend` with this config, and a function that calls them in
    order."""
    from towhee_recsys import operators
    from towhee_recsys.bundle import read_manifest
    from towhee_recsys.components.requests import Defaults

    fingerprint = read_manifest(config.bundle).fingerprint
    model = {"bundle": config.bundle, "fingerprint": fingerprint}
    index = {"uri": config.milvus_uri, "fingerprint": fingerprint}
    defaults = {name: getattr(config, name) for name in Defaults.model_fields}
    read = operators.ReadRequest(**model, **defaults)
    look_up = operators.UserLookup(config.store_url, config.connections)
    rules = operators.RuleFilter(config.bundle, config.rules) if config.rules else list
    encode, search = operators.UserEncoder(**model), operators.MilvusSearch(**index, degrade=True)
    route = operators.Route(**model, uri=config.milvus_uri)
    threshold, rerank = operators.ScoreThreshold(), operators.RerankMMR(**index)
    calibrate = operators.Calibrate(**model)
    explain = operators.Explain(**model, uri=config.milvus_uri)
    answer = operators.Answer(config.store_url, config.connections)

    def recommend(raw: Any) -> Any:
        users = rules(look_up(read(raw)))
        vectors = encode(users)
        hits = route(users, search(vectors, users))
        hits = rerank(threshold(hits, users), users)
        return answer(raw, explain(calibrate(hits, vectors, users), users))

    return 10 + bool(config.rules), recommend


if __name__ == "__main__":
    main()
