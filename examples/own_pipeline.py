"""A pipeline of one's own: a person is the mean of the last ten films; then no film like another."""

from pathlib import Path

from towhee import ops, pipe

from towhee_recsys import Dataset, train
from towhee_recsys.pipelines import IngestConfig, call, ingest
from towhee_recsys.training import TrainingConfig

store, dataset = f"embedded://{Path('store').absolute()}", Dataset.load("sample")
bundle = train(dataset, TrainingConfig(epochs=1))
bundle.save("bundle")
call(ingest(IngestConfig(bundle="bundle", milvus_uri="milvus.db", store_url=store)), dataset)

index = {"uri": "milvus.db", "fingerprint": bundle.fingerprint}
films = ops.recsys.redis_lookup(url=store, kind="items")
steps = pipe.input("users").map("users", "people", ops.recsys.user_lookup(url=store))
steps = steps.map("people", "last", lambda people: films(people[0]["history"][-10:]))
steps = steps.map("last", "vectors", ops.recsys.item_encoder(bundle="bundle"))
steps = steps.map("vectors", "mean", lambda vectors: vectors.mean(axis=0, keepdims=True))
steps = steps.map(("mean", "people"), "hits", ops.recsys.milvus_search(**index, top_k=40))
steps = steps.map("hits", "best", ops.recsys.rerank_mmr(**index, diversity=0.5, top_k=5))
mine = steps.map("best", "films", lambda best: films([h["item_id"] for h in best[0]])).output(
    "films"
)
print(*(film["title"] for film in mine([{"user_id": 42}]).get()[0]), sep="\n")
